"""The rules of the house as data: what may be where, and every exception by name and with its reason."""

import re
from typing import Final

MAX_FUNCTION_LINES: Final = 50
MAX_FILE_LINES: Final = 300
MIN_WORDS_IN_A_TEST: Final = 4

# What a file that does not touch the world cannot need.
CLOCKS: Final = frozenset({"time", "sched", "signal"})
CHANCE: Final = frozenset({"random", "secrets", "uuid"})
SOCKETS: Final = frozenset(
    {"socket", "socketserver", "ssl", "select", "selectors", "http", "urllib", "ftplib", "smtplib"}
)
THREADS: Final = frozenset({"threading", "queue", "asyncio", "concurrent", "multiprocessing", "subprocess", "_thread"})
PATHS: Final = frozenset(
    {"os", "pathlib", "shutil", "tempfile", "glob", "fileinput", "mmap", "fcntl", "sys", "logging"}
)
WORLD: Final = CLOCKS | CHANCE | SOCKETS | THREADS | PATHS
# Whoever simulates rolls dice, but with a seed: `from random import Random`, nothing else of that module.
SEEDED: Final = "agent/simulate/"
# A command reads arguments, names files and prints; it has no clock, socket or thread of its own.
COMMANDS: Final = "agent/commands/"

# Each package that touches the world, and the files that may import it.
PACKAGES: Final = {
    "paho": {"agent/mqtt_io.py"},
    "serial": {"agent/sensors/serial_io.py"},
    "onnxruntime": {"agent/detect/onnx_io.py"},
    "cryptography": {"agent/transport/keys_io.py", "agent/transport/enrol_io.py", "agent/page/certificate_io.py"},
    "ssl": {
        "agent/broker_io.py",
        "agent/mqtt_io.py",
        "agent/doctor/centre_io.py",
        "agent/page/certificate_io.py",
        "agent/serving_io.py",
    },
    "socket": {
        "agent/mqtt_io.py",
        "agent/watchdog_io.py",
        "agent/doctor/centre_io.py",
        "agent/doctor/local_io.py",
        "agent/transport/door_io.py",
        "agent/demo/parts_io.py",
        "agent/serving_io.py",
    },
    # Three databases: the journal (with its migrations), the outbox, and the book of a centre or of a page.
    "sqlite3": {
        "agent/journal_io.py",
        "agent/journal_file_io.py",
        "agent/salvage_io.py",
        "agent/migrate_io.py",
        "agent/transport/outbox_io.py",
        "agent/book_io.py",
        "agent/database_io.py",
    },
    "sqlite_utils": {"agent/migrate_io.py"},
    "rich": {
        "agent/commands/asking.py",
        "agent/demo/terminal_io.py",
        "agent/monitor/terminal_io.py",
        "agent/walk_views_io.py",
        "centre/watch_io.py",
    },
    "flask": set(),  # werkzeug does it, in less memory: agent/pages_io.py
    "werkzeug": {"agent/pages_io.py", "agent/lean_io.py"},
    "waitress": {"agent/serving_io.py"},
    "jinja2": {"agent/pages_io.py", "agent/summary/leaf_io.py", "agent/provision/sheets_io.py"},
    "amqtt": set(),
    "asyncio": set(),
    # scipy is too large for a process that stays: only training and short-lived jobs. numpy comes with onnxruntime.
    "numpy": {"agent/detect/onnx_io.py", "agent/sensors/bed_felt.py", "agent/simulate/bed.py"},
    "scipy": set(),
}
# Where `except Exception` is right: it drops a throwing detector and says so; what went wrong is raised again; what
# onnxruntime says, in classes of its own, becomes a ModelFault; or what broke a page is printed, and its answer is 500.
BROAD_EXCEPT: Final = {"agent/engine.py", "agent/files_io.py", "agent/detect/onnx_io.py", "agent/pages_io.py"}
WALL_CLOCK: Final = "agent/clock_io.py"
CENTRE_MAY_IMPORT: Final = {
    "agent.accounts_io",
    "agent.book_io",
    "agent.civil",
    "agent.files_io",
    "agent.mqtt_io",
    "agent.nouns",
    "agent.pages_io",
    "agent.passwords",
    "agent.retry",
    "agent.serving_io",
    "agent.transport.envelope",
    "agent.transport.keys_io",
    "agent.transport.retirement",
    "agent.web_io",
}
FORBIDDEN_NAMES: Final = {
    "utils",
    "util",
    "helpers",
    "helper",
    "const",
    "constants",
    "base",
    "manager",
    "common",
    "misc",
}
# Where people are told something: no word of an illness, of a diagnosis, or of the risk of one.
TEXTS: Final = (
    "agent/incidents.py",
    "agent/kinds.py",
    "agent/detect/",
    "agent/summary/",
    "agent/page/",
    "agent/doctor/",
    "agent/erase/",
    "agent/provision/",
    "agent/setup_page/",
    "centre/",
)
CLINICAL: Final = re.compile(
    r"\b(alzheimer\w*|anxi\w+|arrhythmi\w*|apn(o)?ea|clinic\w*|confus\w+|dementi\w*|depress\w+|deliri\w+|diabet\w*"
    r"|diagnos\w*|diseas\w*|disorder\w*|agitat\w*|epilep\w*|frail\w*|fractur\w*|illness\w*|impair\w*|incontinen\w*"
    r"|infect\w*|injur\w*|insomnia\w*|medical\w*|medicat\w*|parkinson\w*|pathol\w*|patient\w*|psych\w+|seizure\w*"
    r"|sick\w*|stroke\w*|symptom\w*|syncop\w*|syndrom\w*|unwell|uti|wander\w*|at risk|risk of)\b",
    re.IGNORECASE,
)
UNFINISHED: Final = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b")
