"""Where a broker is, and the files by which we know it and it knows us; they are read anew for each connection."""

import ssl
from dataclasses import dataclass
from typing import Final

from agent.hub import is_loopback

MAX_PASSWORD_BYTES: Final = 1_024  # read of the password file's first line; what stands beyond is not looked at


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is and how we show who we are. With ``ca`` the line is TLS 1.3; files are read anew each time."""

    host: str
    port: int
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    username: str | None = None
    password_file: str | None = None

    def exposed(self) -> bool:
        """Whether others could listen in: no TLS, and not within this machine."""
        return self.ca is None and not is_loopback(self.host)


def tls(broker: Broker) -> ssl.SSLContext:
    for file in filter(None, (broker.ca, broker.certificate, broker.key)):
        open(file, "rb").close()  # ssl's own error does not say which file is missing
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(broker.ca)
    if broker.certificate:
        context.load_cert_chain(broker.certificate, broker.key)
    return context


def password(broker: Broker) -> str | None:
    if broker.password_file is None:
        return None
    with open(broker.password_file, "rb") as file:
        line = file.readline(MAX_PASSWORD_BYTES).rstrip(b"\r\n")
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{broker.password_file}: the password in its first line is not UTF-8 text") from None
