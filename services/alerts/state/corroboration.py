"""Who counts as an independent origin.

A publisher counts once, whatever its domains; a text that names the outlet or agency it has the news from counts as
that outlet; near-copies (SimHash at most 3 of 64 bits apart, after Manku, Jain and Das Sarma, "Detecting
Near-Duplicates for Web Crawling", WWW 2007) count once.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from services.alerts.state.evidence import Assertion

NEAR_COPY_BITS: Final = 3

ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bbc": "bbc.com",
        "bbc news": "bbc.com",
        "bbc.co.uk": "bbc.com",
        "bbci.co.uk": "bbc.com",
        "the guardian": "theguardian.com",
        "guardian": "theguardian.com",
        "guardian.co.uk": "theguardian.com",
        "cnn": "cnn.com",
        "reuters": "reuters.com",
        "ap": "apnews.com",
        "associated press": "apnews.com",
        "the associated press": "apnews.com",
        "afp": "afp.com",
        "agence france-presse": "afp.com",
        "axios": "axios.com",
        "politico": "politico.com",
        "politico.eu": "politico.com",
        "bloomberg": "bloomberg.com",
        "the new york times": "nytimes.com",
        "new york times": "nytimes.com",
        "nyti.ms": "nytimes.com",
        "the washington post": "washingtonpost.com",
        "washington post": "washingtonpost.com",
        "the wall street journal": "wsj.com",
        "wall street journal": "wsj.com",
        "financial times": "ft.com",
        "the financial times": "ft.com",
        "al jazeera": "aljazeera.com",
        "aljazeera.net": "aljazeera.com",
        "tass": "tass.com",
        "tass.ru": "tass.com",
        "ria novosti": "ria.ru",
        "interfax": "interfax.com",
        "interfax.ru": "interfax.com",
        "interfax-ukraine": "interfax.com.ua",
        "ukrinform": "ukrinform.net",
        "ukrinform.ua": "ukrinform.net",
        "xinhua": "xinhuanet.com",
        "news.cn": "xinhuanet.com",
        "anadolu": "aa.com.tr",
        "anadolu agency": "aa.com.tr",
        "the times of israel": "timesofisrael.com",
        "times of israel": "timesofisrael.com",
        "haaretz": "haaretz.com",
        "haaretz.co.il": "haaretz.com",
        "sky news": "sky.com",
        "npr": "npr.org",
        "cbs news": "cbsnews.com",
        "nbc news": "nbcnews.com",
        "abc news": "abcnews.com",
        "abcnews.go.com": "abcnews.com",
        "go.com": "abcnews.com",
        "fox news": "foxnews.com",
        "deutsche welle": "dw.com",
        "france 24": "france24.com",
        "yonhap": "yna.co.kr",
        "kcna": "kcna.kp",
        "irna": "irna.ir",
    }
)
"""One name for each publisher: other domains and the names that texts call it by. Facts, checked by hand."""


def canonical(name: str) -> str:
    """The one name of a publisher, from a domain or from what texts call it."""
    folded = name.strip().casefold().removeprefix("www.")
    return ALIASES.get(folded, folded)


def origins(signals: Iterable[Assertion]) -> dict[str, str]:
    """What each text counts as: text id → name of its origin.

    Texts are one origin where they share the publisher (or the outlet that they name as their source), or are near
    copies, directly or over others; the origin bears the alphabetically first of their names.
    """
    texts = {signal.text_id: signal for signal in sorted(signals, key=lambda signal: signal.order)}
    parent = {text: text for text in texts}

    def root(text: str) -> str:
        while parent[text] != text:
            parent[text] = parent[parent[text]]
            text = parent[text]
        return text

    by_name: dict[str, str] = {}
    prints: list[tuple[int, str]] = []
    for text, signal in texts.items():
        first = by_name.setdefault(_name(signal), text)
        parent[root(text)] = root(first)
        if signal.fingerprint is not None:
            bits = int(signal.fingerprint, 16)
            for other_bits, other in prints:
                if (bits ^ other_bits).bit_count() <= NEAR_COPY_BITS:
                    parent[root(text)] = root(other)
            prints.append((bits, text))
    names: dict[str, str] = {}
    for text, signal in texts.items():
        names[root(text)] = min(names.get(root(text), _name(signal)), _name(signal))
    return {text: names[root(text)] for text in texts}


def _name(signal: Assertion) -> str:
    if signal.named_sources:
        return canonical(min(signal.named_sources))
    return canonical(signal.publisher) if signal.publisher else f"text {signal.text_id}"
