"""Canonical URLs, and the publisher that a URL belongs to."""

import re
from functools import cache, lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tldextract import TLDExtract
from w3lib.url import canonicalize_url

_TRACKING_PREFIXES: Final = ("utm_", "at_", "ns_", "mtm_", "pk_")
"""Google, AT Internet (BBC), Comscore (Daily Mail), Matomo: families of parameters that only say how a reader came."""

_TRACKING: Final = re.compile(
    r"_ga|_gl|_hsenc|_hsmi|cmp|cmpid|dclid|fbclid|gbraid|gclid|gclsrc|igsh|igshid|ito|li_fat_id|mc_[ce]id|mkt_tok|"
    r"msclkid|ocid|ref_src|smid|srsltid|traffic_source|ttclid|twclid|wbraid|wt\.mc_id|xtor|yclid"
)
_HOST: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]")
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")
_DOMAIN: Final = re.compile(r"[^\s/@:]+\.[^\s/@:.]{2,}")


def canonical_url(url: str) -> str:
    """One form for all spellings of a URL: no fragment, no tracking, sorted query, no user name.

    Raises:
        ValueError: it is not http or https, or has no usable host; the message says which.

    """
    try:
        parts = urlsplit(url.strip())
        scheme, host = parts.scheme, parts.hostname
    except ValueError as error:
        raise ValueError(f"not a URL: {error}") from error
    if scheme not in {"http", "https"} or not host:
        raise ValueError("expected an absolute http or https URL")
    try:
        canonical: str = canonicalize_url(_without_noise(parts).geturl())
    except ValueError as error:  # a bad port, a host that IDNA refuses
        raise ValueError(f"not a URL: {error}") from error
    if not _HOST.fullmatch(urlsplit(canonical).hostname or "") and "[" not in canonical:
        raise ValueError("its host is none")
    if not _PRINTABLE.fullmatch(canonical):
        raise ValueError("it contains characters that no URL has")
    return canonical


def _without_noise(parts: SplitResult) -> SplitResult:
    kept = [pair for pair in parts.query.split("&") if not _is_tracking(pair.partition("=")[0].lower())]
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="&".join(kept), fragment="")


def _is_tracking(name: str) -> bool:
    return name.startswith(_TRACKING_PREFIXES) or _TRACKING.fullmatch(name) is not None


def publisher_of(url: str) -> str:
    """The registrable domain of a canonical URL, or its host where there is none (an address, ``localhost``)."""
    return registrable(urlsplit(url).hostname or url)


def named_publisher(name: str) -> str:
    """A publisher as somebody named it: the registrable domain where that was a URL or domain, else the name."""
    if name.lower().startswith(("http://", "https://")):
        try:
            return publisher_of(canonical_url(name))
        except ValueError:
            return name
    return registrable(name.lower()) if _DOMAIN.fullmatch(name) else name


@lru_cache(maxsize=10_000)
def registrable(host: str) -> str:
    """The domain that somebody registered: what the Public Suffix List calls public, and one label more.

    Where the list has no rule, its rule ``*`` prevails (publicsuffix.org, "Algorithm"): the last label is public.
    """
    found = _suffixes()(host)
    if found.suffix or found.ipv4 or found.ipv6:
        return found.top_domain_under_public_suffix or host
    return ".".join(host.rstrip(".").split(".")[-2:])


@cache
def _suffixes() -> TLDExtract:
    # no URLs and no cache directory: only the list that comes with the package, never the network
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
