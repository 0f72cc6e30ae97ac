"""Who counts as an independent origin.

A publisher counts once, whatever its domains; a text that names the outlet or agency it has the news from counts as
that outlet; near-copies (SimHash at most 3 of 64 bits apart, after Manku, Jain and Das Sarma, "Detecting
Near-Duplicates for Web Crawling", WWW 2007) count once.
"""

from collections.abc import Iterable
from typing import Final

from services.alerts.publishers import canonical
from services.alerts.state.evidence import Assertion

NEAR_COPY_BITS: Final = 3


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
