"""In the machine: runs what the proof says, one after the other, as root, and tells how it ended.

machine.py is the other end. A line is {"words", "give", "limit_s"}, its answer {"status", "said"}; the first line of
all tells which start of the machine this is. It holds the radio's pipe open too: zigbee2mqtt finds somebody there.
"""

import json
import os
import subprocess
from pathlib import Path

LINE, RADIO = "/dev/virtio-ports/proof", "/run/radio"


def done(words: list[str], give: str, limit_s: float) -> tuple[int, str]:
    try:
        ended = subprocess.run(words, input=give, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired as late:
        return -1, f"not done within {limit_s:g} s: {late.stdout!r} {late.stderr!r}"
    except OSError as fault:
        return -1, str(fault)
    return ended.returncode, ended.stdout + ended.stderr


if not os.path.exists(RADIO):
    os.mkfifo(RADIO)
radio = os.open(RADIO, os.O_RDWR)
with open(LINE, "r+b", buffering=0) as line:
    line.write(json.dumps({"up": Path("/proc/sys/kernel/random/boot_id").read_text().strip()}).encode() + b"\n")
    asked = b""
    while True:
        asked += os.read(line.fileno(), 65_536)
        while b"\n" in asked:
            one, asked = asked.split(b"\n", 1)
            status, said = done(**json.loads(one))
            left = json.dumps({"status": status, "said": said}).encode() + b"\n"
            while left:
                left = left[line.write(left) :]
