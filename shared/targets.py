"""Which targets that strangers name may be called: an explicit list of what may not, and a strict reading of URLs.

Pure: it judges addresses and texts. ``guard.py`` applies it where connections are made.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from yarl import URL

_LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

_DENIED: Final = tuple(
    (ip_network(network), why)
    for network, why in (
        ("0.0.0.0/8", "an address of this host"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a carrier's or cloud's internal address"),
        ("127.0.0.0/8", "a loopback address"),
        ("168.63.129.16/32", "Azure's internal service address"),
        ("169.254.0.0/16", "a link-local or cloud metadata address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "an address reserved for protocols"),
        ("192.0.2.0/24", "an address reserved for documentation"),
        ("192.88.99.0/24", "a 6to4 relay address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "an address reserved for benchmarks"),
        ("198.51.100.0/24", "an address reserved for documentation"),
        ("203.0.113.0/24", "an address reserved for documentation"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved or broadcast address"),
        ("::1/128", "a loopback address"),
        ("::/96", "an address of this host, or an embedded IPv4 address"),
        ("::ffff:0:0/96", "an IPv4 address in disguise (mapped)"),
        ("::ffff:0:0:0/96", "an IPv4 address in disguise (translated)"),
        ("64:ff9b::/96", "an IPv4 address in disguise (NAT64)"),
        ("64:ff9b:1::/48", "an IPv4 address in disguise (local NAT64)"),
        ("2001::/32", "an IPv4 address in disguise (Teredo)"),
        ("2001::/23", "an address reserved for protocols"),
        ("2001:db8::/32", "an address reserved for documentation"),
        ("2002::/16", "an IPv4 address in disguise (6to4)"),
        ("3fff::/20", "an address reserved for documentation"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a site-local address"),
        ("ff00::/8", "a multicast address"),
        # All that is left outside 2000::/3, the only block of global unicast addresses that IANA has given out.
        ("::/3", "an address that is not public"),
        ("4000::/2", "an address that is not public"),
        ("8000::/1", "an address that is not public"),
    )
)
"""What is never called, and why (IANA special-purpose registries, and what clouds add). A list of our own, because
``ipaddress.is_global`` is true for NAT64, IPv4-compatible, site-local and multicast addresses."""

_HOST: Final = re.compile(
    r"(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.?"
)
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f-\xa0\\]|\s")


class OutboundError(Exception):
    """A request that got no answer; the message is a sentence that may be shown to whoever named the target."""


class ForbiddenTargetError(OutboundError):
    """The target may not be called; no connection to it was attempted."""


def is_allowed(address: str | IPv4Address | IPv6Address, *, allow_loopback: bool) -> bool:
    """Whether a connection to this address may be made; ``False`` for what is no address, or has a zone."""
    return _objection(address, allow_loopback=allow_loopback) is None


def check_url(url: str, *, allow_loopback: bool) -> URL:
    """Read a target's URL strictly; what its name resolves to is judged when it is called.

    Args:
        url: an absolute ``http`` or ``https`` URL.
        allow_loopback: whether this machine may be named (profile ``local`` only).

    Raises:
        ForbiddenTargetError: with a sentence that says what is wrong, and never repeats the path (it may be a secret).

    """
    if _UNSAFE.search(url):
        raise ForbiddenTargetError("the URL contains a space, a control character or a backslash")
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in {"http", "https"}:
        raise ForbiddenTargetError("the URL must start with http:// or https://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        raise ForbiddenTargetError("the URL must not contain a user name or password")
    try:
        parsed = URL(url)
        host, port = parsed.raw_host, parsed.port
    except ValueError as error:
        raise ForbiddenTargetError("the URL has no valid host and port") from error
    if not host:
        raise ForbiddenTargetError("the URL has no host")
    if not port:
        raise ForbiddenTargetError("the URL's port must be between 1 and 65535")
    _check_host(host, in_brackets="[" in authority, allow_loopback=allow_loopback)
    return parsed


def judge(address: str, named_by: str, *, allow_loopback: bool) -> None:
    """Refuse a forbidden address; ``named_by`` says in the message what led to it.

    The message keeps the address itself to us: strangers shall not read our name service through it.

    Raises:
        ForbiddenTargetError: with the reason.

    """
    if objection := _objection(address, allow_loopback=allow_loopback):
        raise ForbiddenTargetError(f"{named_by} leads to {objection}")


def _check_host(host: str, *, in_brackets: bool, allow_loopback: bool) -> None:
    name = host.removesuffix(".")
    if in_brackets or ":" in host or _NUMBER.fullmatch(name.rpartition(".")[2]):
        # What ends in a number is an address (WHATWG URL, host parser); 127.1, 0x7f000001 and the like are none here.
        judge(host, "the URL", allow_loopback=allow_loopback)
    elif not _HOST.fullmatch(host):
        raise ForbiddenTargetError("the URL's host is not a valid host name")
    elif not allow_loopback and (name == "localhost" or name.endswith(".localhost")):
        raise ForbiddenTargetError("the URL names this machine (localhost)")


def _objection(address: str | IPv4Address | IPv6Address, *, allow_loopback: bool) -> str | None:
    try:
        judged = ip_address(address)
    except ValueError:
        return "an IP address in an unusual form"
    if isinstance(judged, IPv6Address) and judged.scope_id is not None:
        return "an address with a zone"
    if allow_loopback and any(judged in network for network in _LOOPBACK):
        return None
    return next((why for network, why in _DENIED if judged in network), None)
