"""Which addresses are of this machine, and which of a home's own network."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

OF_A_HOME: Final = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine; only there may a line go without TLS."""
    address = address_of(host)
    return host == "localhost" if address is None else address.is_loopback


def is_near(host: str) -> bool:
    """Whether ``host`` is an address of this machine, or of a network such as a home has: of no one beyond a router."""
    found = address_of(host.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found is None:
        return False
    return found.is_loopback or found.is_link_local or any(found in net for net in OF_A_HOME)
