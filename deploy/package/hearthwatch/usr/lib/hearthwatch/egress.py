"""Loads the rules of egress.nft, with the ports of the centres that hub.toml names: egress.py HUB

As root, or with CAP_NET_ADMIN alone. A hub whose file cannot be read keeps the usual port: an alert goes before a rule.
"""

import pwd
import subprocess
import sys
import tomllib
from pathlib import Path

USUAL = 8883
RULES = Path(__file__).with_name("egress.nft")
# Of a package that need not be there; a rule for a user whom nobody knows would refuse them all.
ZIGBEE = "hearthwatch-zigbee2mqtt"


def ports(config: Path) -> list[int]:
    """As agent.hub reads them, of what is one; this runs before the agent does, and without it."""
    try:
        found = tomllib.loads(config.read_text()).get("upstream", [])
    except (OSError, ValueError) as fault:
        print(f"{config}: {fault}; only port {USUAL} leads to a centre", file=sys.stderr)
        found = []
    named = {one.get("port", USUAL) for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)}
    return sorted(port for port in named if isinstance(port, int) and 0 < port < 65_536) or [USUAL]


if __name__ == "__main__":
    known = ", ".join(map(str, ports(Path(sys.argv[1]))))
    rules = f"define centre_ports = {{ {known} }}\n{RULES.read_text()}"
    if any(user.pw_name == ZIGBEE for user in pwd.getpwall()):
        rules += f"add rule inet hearthwatch out meta skuid {ZIGBEE} goto nowhere\n"
    sys.exit(subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=False).returncode)
