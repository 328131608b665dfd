"""Whether the kernel keeps each of an installed hub's users to where it may go: the table of hearthwatch-egress."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from agent.doctor.check import Check

RULES: Final = Path("/usr/lib/hearthwatch/egress.nft")  # the package lays it down
SBIN: Final = "/usr/sbin:/sbin"  # not on the PATH of everybody
NFT_S: Final = 5.0  # an nft that takes longer has not answered
TABLE: Final = "inet hearthwatch"
WAYS: Final = frozenset({"nowhere", "to_the_centre", "to_the_family"})  # of egress.nft: of watch, uplink, page
TO_ITSELF: Final = 'oifname "lo" accept'
DORMANT: Final = "flags dormant"
ALL: Final = re.compile(r"(?m)^\s+(counter packets \d+ bytes \d+ )?accept$")
_WORDS_MOST: Final = 120  # of what nft says


def firewall(rules: Path, unit: Mapping[str, str]) -> Iterator[Check]:
    """Nothing where no package has laid down ``rules``. ``unit``: what systemd says of hearthwatch-egress, if it does.

    All tables are listed, not ours alone: so a table that is not there is told from one that may not be seen.
    """
    if not rules.is_file():
        return
    program = shutil.which("nft", path=f"{os.environ.get('PATH', os.defpath)}:{SBIN}")
    if program is None:
        yield Check("firewall", "no_nft", f"nft is not installed, so nobody can say whether table {TABLE} is there")
        return
    env = os.environ | {"LC_ALL": "C"}  # its refusal is read
    asked = [program, "--terse", "list", "ruleset", "inet"]
    try:
        done = subprocess.run(
            asked, capture_output=True, text=True, errors="replace", check=False, timeout=NFT_S, env=env
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        yield Check("firewall", "no_answer", f"nft does not answer: {str(fault)[:_WORDS_MOST]}")
        return
    if done.returncode == 0:
        yield _judged(done.stdout, unit)
    elif "not permitted" in done.stderr:
        yield Check("firewall", "no_right", "whoever asks now may not look at the rules of the firewall")
    else:
        said = (done.stderr.splitlines() or [f"it ended with {done.returncode}"])[0]
        yield Check("firewall", "no_answer", f"nft does not answer: {said[:_WORDS_MOST]}")


def _keeps(table: str) -> bool:
    """Whether its rules are in force: each user is sent its way where what goes out is looked at, with nothing but the
    machine itself let through before, each way ends in a refusal, and no rule lets all through."""
    chains = {name: body.split("\n") for name, body in re.findall(r"chain (\w+) \{\n(.*?)\n?\t\}", table, re.DOTALL)}
    ends = {name: lines[-1].strip() for name, lines in chains.items()}
    refused = {name for name, end in ends.items() if re.search(r"\b(reject|drop)\b", end)}
    refused |= {name for name, end in ends.items() if end.removeprefix("goto ") in refused}
    hooked = [line for lines in chains.values() if "hook output " in lines[0] for line in lines[1:]]
    sent = [re.search(r"skuid \S+ goto (\w+)$", line) for line in hooked if line.strip() != TO_ITSELF]
    ways = {found[1] for found in sent[: len(WAYS)] if found}
    return DORMANT not in table and not ALL.search(table) and ways & refused >= WAYS


def _judged(listed: str, unit: Mapping[str, str]) -> Check:
    _, there, rest = listed.partition(f"table {TABLE} {{\n")
    table = rest.partition("\n}")[0]
    if _keeps(table):
        return Check("firewall", "loaded", "each user of this hub is kept to where it may go")
    without = "but switched off (dormant)" if DORMANT in table else "without its rules"
    what = f"table {TABLE} is there {without}" if there else f"there is no table {TABLE}"
    state = unit.get("ActiveState")
    if state == "active":
        taken = "hearthwatch-egress loaded it, and something else has removed it since"
        do = "systemctl restart hearthwatch-egress; look what else sets a firewall here"
        return Check("firewall", "missing", f"{what}: {taken}", do=do)
    if state == "failed" or unit.get("SubState") == "auto-restart":
        why = f"hearthwatch-egress cannot load it ({unit.get('Result', 'no reason given')})"
        return Check("firewall", "missing", f"{what}: {why}", do="journalctl -u hearthwatch-egress says why")
    return Check("firewall", "missing", f"{what}: hearthwatch-egress has not loaded it")
