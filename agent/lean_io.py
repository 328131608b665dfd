"""werkzeug without its own server and test client. It imports both for whoever asks it for them by a short name; here
nobody does, and they are 1.4 MiB of each process that serves a page."""

import sys
from types import ModuleType
from typing import Final

UNUSED: Final = {"werkzeug.serving": "run_simple", "werkzeug.test": "Client"}

_placed = [name for name in UNUSED if name not in sys.modules]
for _name in _placed:
    sys.modules[_name] = ModuleType(_name)
    setattr(sys.modules[_name], UNUSED[_name], None)

import werkzeug as werkzeug  # noqa: E402  # with these in their place

for _name in _placed:  # whoever does import one has it
    del sys.modules[_name]
