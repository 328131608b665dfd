"""What a doctor can find: each check by its name, each finding by its code, with why it matters and what to do.

The names and codes are for programs too (``--json``) and stay as they are. Their order is that of urgency: what stands
first here is said first where several things are wrong. No line holds a word of the home's own, so that a support
bundle may carry the names and codes.
"""

from typing import Final, NamedTuple


class Told(NamedTuple):
    """``good`` None: nothing is known to be wrong, and a person should know it."""

    good: bool | None
    why: str = ""
    do: str = ""


_GOOD: Final = Told(True)
_MAKE_ROOM: Final = "make room; `df -h` shows which disk"
_NO_SENSOR: Final = "no sensor can be heard"
_NOBODY: Final = "alerts reach nobody"
_NO_RECEIPT: Final = "no receipt is believed, so each alert counts as not received"
_NOT_SEEN: Final = "whether this hub may talk to anybody is not known"
_STANDS: Final = "its room is less observed"

CHECKS: Final[dict[str, dict[str, Told]]] = {
    "home": {
        "read": _GOOD,
        "unreadable": Told(False, "without a home file nothing is watched", "write it; deploy/home.toml is an example"),
        "mistakes": Told(False, "a hub that starts now goes on with the last good one, if any", "correct home.toml"),
    },
    "unit": {
        "running": _GOOD,
        "failed": Told(False, "a part that is down watches, sends or shows nothing", "journalctl -u UNIT says why"),
        "stopped": Told(False, "a part that is down watches, sends or shows nothing", "start it"),
        "as_root": Told(False, "a fault in it could do anything to this hub", "give it a user of its own"),
        "one_user": Told(None, "what reaches the internet could read the home", "on a hub each part has its own user"),
    },
    "state": {
        "writable": _GOOD,
        "new": Told(None, "watch makes it when it starts", "start watch"),
        "no_folder": Told(False, "the journal cannot be kept", "name a folder as state in hub.toml"),
        "not_writable": Told(False, "the journal cannot be kept", "give it to the user that runs watch"),
        "read_only": Told(False, "nothing can be written, so no hub starts", "a worn card does this: replace the card"),
        "full": Told(False, "a full disk loses the journal", _MAKE_ROOM),
    },
    "journal": {
        "whole": _GOOD,
        "new": Told(None, "this hub has watched nothing yet", "start watch"),
        "damaged": Told(False, "what is damaged was not kept", "keep the file; `journal export` saves what it can"),
        "other_agent": Told(None, "what sensors stood at cannot be read", "start this agent once, then ask again"),
    },
    "key": {
        "whole": _GOOD,
        "new": Told(None, "watch makes it at its first start", "start watch"),
        "gone": Told(False, "the centre believes no other key", "put hub.key back, or set the hub up anew"),
        "unusable": Told(False, "no alert can be signed", "correct it as said; watch does not start without"),
    },
    "local broker": {
        "answers": _GOOD,
        "silent": Told(False, _NO_SENSOR, "start mosquitto; check host and port under [local]"),
    },
    "zigbee2mqtt": {
        "well": _GOOD,
        "not_asked": Told(None),
        "refused": Told(False, _NO_SENSOR, "check username and credentials under [local]"),
        "silent": Told(False, _NO_SENSOR, "start zigbee2mqtt; base_topic in hub.toml must be its own"),
        "not_understood": Told(False, _NO_SENSOR, "look who else publishes at the local broker"),
        "settings": Told(False, "sensors are heard late, or wrongly", "set this in configuration.yaml, start it again"),
        "old": Told(False, "sensors of that version are not understood well", "update zigbee2mqtt to version 2"),
    },
    "centre": {
        "accepted": _GOOD,
        "answers": _GOOD,
        "unreached": Told(False, _NOBODY, "check the network; ask the centre whether its broker is up"),
        "files": Told(False, _NOBODY, "put the file there, or correct its name under [[upstream]]"),
        "not_the_centre": Told(False, _NOBODY + ": it is not who it should be", "check ca, host and clock"),
        "refused": Told(False, _NOBODY, "ask the centre for a certificate that it accepts"),
        "revoked": Told(False, _NOBODY, "ask the centre why, and for a new certificate"),
    },
    "certificate": {
        "good": _GOOD,
        "soon": Told(False, "on that day the centre stops hearing this hub", "ask the centre for a new one now"),
        "expired": Told(False, _NOBODY, "ask the centre for a new certificate"),
        "not_yet": Told(False, _NOBODY, "ask the centre for one that is valid today"),
        "clock_first": Told(None, "the clock is not set, so its dates are not judged", "allow NTP, then ask again"),
        "other_hub": Told(False, "the centre takes this hub for another one", "put this hub's own certificate there"),
        "other_key": Told(False, _NOBODY + ": the two do not belong together", "put the key there it was asked with"),
        "unreadable": Told(False, _NOBODY, "put certificate and key there, as PEM, readable for uplink"),
    },
    "receipt key": {
        "pinned": _GOOD,
        "none": Told(False, _NO_RECEIPT, "name the centre's key as receipt_key in hub.toml"),
        "unusable": Told(False, _NO_RECEIPT, "take the key again from the centre"),
    },
    "outbox": {
        "empty": _GOOD,
        "new": Told(None, "the first message comes five minutes after the first start", "start watch"),
        "waits": Told(None, "it was said a moment ago", "ask again in a few minutes"),
        "stuck": Told(False, "the centre has not signed for it", "see centre, certificate and receipt key"),
        "unreadable": Told(False, "what waits in it is not known", "ask as the user that runs watch, or as root"),
    },
    "proof of life": {
        "receipted": _GOOD,
        "none": Told(None, "the first one comes five minutes after the first start", "ask again then"),
        "unanswered": Told(False, "the way to the centre and back is not proved", "see outbox, centre and receipt key"),
        "overdue": Told(False, "one is due each day, so this hub was off or stalled", "see unit; start the hub"),
    },
    "clock": {
        "synced": _GOOD,
        "not_synced": Told(None, "rules of the day may go by a wrong time", "allow NTP"),
        "past": Told(False, "certificates and rules of the day fail", "allow NTP"),
        "drifted": Told(False, "rules of the day go by a wrong time", "look which time server it asks"),
    },
    "clock battery": {
        "fitted": _GOOD,
        "none": Told(None, "after a power cut it does not know the time until NTP answers", "leave NTP allowed"),
    },
    "serial": {
        "there": _GOOD,
        "unheard": Told(False, "what is wired to it is not watched", "name the port of that board in hub.toml"),
        "missing": Told(False, "its sensors are not heard", "plug the board in; `ls /dev/serial/by-id`"),
        "not_a_port": Told(False, "its sensors are not heard", "name one that `ls /dev/serial/by-id` shows"),
        "no_permission": Told(False, "its sensors are not heard", "put the user of watch into the group dialout"),
    },
    "board": {
        "well": _GOOD,
        "unheard": Told(None, "it has not spoken in two days", "see serial; is it plugged in?"),
        "supply": Told(False, "it may stop, or misread its inputs", "try another cable, and another USB port"),
        "restarts": Told(False, "each start may lose what it kept", "look at its plug, cable and supply"),
        "lost": Told(False, "the hub was off for longer than a board keeps 64", "see unit; keep the hub running"),
    },
    "sensor": {
        "well": _GOOD,
        "old": Told(None, "the hub has not run since: how it is now is not known", "start the hub, then ask again"),
        "unheard": Told(False, "it was never heard", "check its address in home.toml; pair it; press it once"),
        "lost": Told(False, _STANDS, "look at its battery and its place; pair it anew"),
        "mute": Told(False, f"{_STANDS}: it speaks and sees nobody", "look what stands before it; else replace it"),
        "stuck": Told(False, f"{_STANDS}: it always says the same", "look at its place; replace it"),
        "chattering": Told(False, f"{_STANDS}: it never rests", "look for a draught, a pet or sun; move it"),
        "tamper": Told(False, "somebody opened it", "close its case; ask who did"),
        "battery_low": Told(False, "it will fall silent", "change its battery"),
    },
    "radio": {
        "strong": _GOOD,
        "weak": Told(False, "what it says may be lost", "move it, or put a mains-powered repeater between"),
        "unknown": Told(None, "no message of it in two days says how well it is heard", "trigger it, ask again"),
    },
    "moved": {
        "stands": _GOOD,
        "not_walked": Told(None, "nobody has tried each sensor in its room", "`hearthwatch walk-test`"),
        "home_changed": Told(None, "what is watched is not what was walked", "`hearthwatch walk-test` again"),
        "moved": Told(False, "somebody would be looked for in the wrong room", "hang it back, or walk again"),
    },
    "firewall": {
        "loaded": _GOOD,
        "missing": Told(False, "the parts of this hub may talk to anybody", "systemctl restart hearthwatch-egress"),
        "no_right": Told(None, _NOT_SEEN, "ask as root"),
        "no_nft": Told(None, _NOT_SEEN, "apt-get install nftables; systemctl restart hearthwatch-egress"),
        "no_answer": Told(None, _NOT_SEEN, "look what `nft list ruleset` says, as root"),
    },
    "anonymous": {
        "refused": _GOOD,
        "here": Told(False, "any program on this hub may speak as a sensor", "allow_anonymous false in mosquitto"),
        "everywhere": Told(False, "anybody in the network may speak as a sensor", "listener 1883 127.0.0.1"),
    },
    "frontend": {
        "off": _GOOD,
        "here": _GOOD,
        "exposed": Told(False, "anybody in the network may take sensors out", "frontend.host: 127.0.0.1, or off"),
    },
    "joining": {
        "closed": _GOOD,
        "open": Told(False, "a stranger's device may join", "close it: permit_join off"),
    },
    "signals": {
        "can": _GOOD,
        "unknown": Told(None, "whether they can be switched is not known", "see zigbee2mqtt"),
        "cannot": Told(False, "nobody is asked first there", "check address and kind in home.toml"),
    },
    "models": {
        "whole": _GOOD,
        "fault": Told(False, "rules without a model stand in, and tell later", "install the agent anew"),
    },
    "file": {
        "closed": _GOOD,
        "open": Told(False, "others on this machine may read it", "chmod o= FILE (a key: chmod 600)"),
    },
    "disk": {
        "light": _GOOD,
        "heavy": Told(None, "a card wears out by what is written to it", "look what writes so much: `iotop -ao`"),
        "worn": Told(False, "it may turn read-only any day", "copy what you need, and replace it soon"),
        "unknown": Told(None, "this disk does not say what was written to it", "nothing"),
    },
    "rest": {"asked": Told(None, "silence is nobody's business until then", "`hearthwatch pause --end` ends it")},
    "consent": {"asked": Told(None, "help buttons are off too", "see docs/home-first.md before you give it")},
    "walk": {"asked": Told(None, "what is walked past raises no alert meanwhile", "finish it; it ends by itself too")},
}  # fmt: skip
