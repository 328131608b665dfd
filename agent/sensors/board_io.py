"""A board on a serial port is asked who it is, once, by whoever sets up a home."""

import select
from time import monotonic
from typing import Final

from agent.hub import Serial
from agent.sensors import wire
from agent.sensors.framing import VERSION, pack, unpack
from agent.sensors.serial_io import Line, PortError

ASK_S: Final = 1.0  # what was not answered is asked again
HELLO_S: Final = 8.0  # a board that was reset by opening its port starts within 2 s


def hello(port: Serial) -> wire.Hello:
    """What it says of itself and its inputs; what it keeps for the hub stays in it. PortError, in one line, if the port
    cannot be opened or no board answers there."""
    line = Line(port.port, port.baud)
    try:
        end = monotonic() + HELLO_S
        while (left_s := end - monotonic()) > 0:
            line.send(pack(wire.ASK_HELLO, 0))
            if select.select([line], [], [], min(ASK_S, left_s))[0]:
                for said in line.read():
                    body = unpack(said)
                    if body is None or body.type != wire.HELLO:
                        continue
                    if body.version != VERSION:
                        raise PortError(f"{port.port}: the board speaks version {body.version}; update one of the two")
                    return wire.hello(body.payload)
        heard = f"{line.bytes} bytes and no board" if line.bytes else "no board answers"
        raise PortError(f"{port.port}: {heard} at {port.baud} baud in {HELLO_S:g} s; is this the right port?")
    except ValueError as fault:
        raise PortError(f"{port.port}: the board says what makes no sense: {fault}") from None
    finally:
        line.close()
