"""Where a broker is, and the files by which we know it and it knows us; they are read anew for each connection."""

import ssl
from dataclasses import dataclass
from typing import Final

from agent.hub import KEEPALIVE_S
from agent.near import is_loopback

NO_CHECK_TIME: Final = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: the chain and the name are checked all the same
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
    keepalive_s: int = KEEPALIVE_S  # a broker publishes the Will after 1.5 of these

    def exposed(self) -> bool:
        """Whether others could listen in: no TLS, and not within this machine."""
        return self.ca is None and not is_loopback(self.host)


def tls(broker: Broker, dates: bool = True) -> ssl.SSLContext:
    """``dates`` False: this machine does not know the time, so that it cannot judge from when to when a certificate is
    good. Who signed it and whose it is are checked as ever."""
    for file in filter(None, (broker.ca, broker.certificate, broker.key)):
        open(file, "rb").close()  # ssl's own error does not say which file is missing
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(broker.ca)
    if not dates:
        context.verify_flags |= NO_CHECK_TIME
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
