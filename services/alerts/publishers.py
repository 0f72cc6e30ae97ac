"""One name for each publisher, so that one house under many names and domains counts once."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

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
