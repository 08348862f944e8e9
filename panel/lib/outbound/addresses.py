"""Which addresses we talk to. Pure.

panel/lib/outbound/client.py asks `is_public` of the address it has connected to; `address_problem` is for
whoever types one in.
"""

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""NAT64: the last 32 bits are an IPv4 address that a gateway would reach for us."""


def address_problem(
    url: str, *, max_length: int, private_hosts: Collection[str], example: str, with_query: bool = False
) -> str:
    """Why we would never talk to `url`, in people's words; empty where we might. `example` shows how one is written."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or len(url) > max_length or not re.fullmatch("[!-~]+", url) or parts.scheme not in {"http", "https"}:
        return f"This is no address that we can use. Write it like {example}."
    more = parts.fragment or (parts.query and not with_query)
    if parts.username is not None or parts.password is not None or more or port == 0:
        return "The address holds more than a host and a path."
    if parts.scheme == "http" and host not in private_hosts:
        return "The address is not https: what we send would travel for all to read."
    return ""


def is_public(address: str) -> bool:
    """Whether `address` belongs to the public Internet, and so does any address packed inside it."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_is_global(one) for one in _meant(parsed))


def network_of(address: str) -> str:
    """What counts as one sender: an IPv4 address, or the /64 that an IPv6 customer gets; "" for what is no address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Network((parsed, 64), strict=False))
    return str(parsed if isinstance(parsed, IPv4Address) else parsed.ipv4_mapped)


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or (isinstance(address, IPv6Address) and address.is_site_local)
    )


def _meant(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Where a packet may end: for a notation of an IPv4 address there, for a tunnel at either end."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _TRANSLATED:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    return [one for one in (address, address.sixtofour, *(address.teredo or ())) if one is not None]
