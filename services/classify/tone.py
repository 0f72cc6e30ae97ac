"""Tone: what a whole text means for the prospects of peace, from its words and the movements of its issues."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from services.classify.clauses import Sentence
from services.classify.movements import Moved
from services.classify.patterns import Index
from shared.vocabulary import Direction, Tone

_ADVANCE: Final[Mapping[str, float]] = MappingProxyType(
    {"ceasefire": 3, "prisoners": 3, "humanitarian_access": 3, "reconstruction": 3, "verification": 2}
    | {"negotiation": 1, "troop_withdrawal": 1, "sanctions": 1, "security_guarantees": 1}
)
"""What an advance is worth; of issues that are not here, nothing: a vote or a border drawn can serve either side."""
_REGRESS: Final[Mapping[str, float]] = MappingProxyType(
    {"civilian_protection": -3, "ceasefire": -3, "negotiation": -2, "territory": -2, "prisoners": -2, "sanctions": -1.5}
)
_OTHER_REGRESS: Final = -1.0
_STALL: Final = -1.0
_POSITIVE: Final = 1.0
_NEGATIVE: Final = -1.0
"""A text is positive from the one sum on, and negative from the other; chosen on the development data."""
_FULL: Final = 6.0
_READ: Final = 40
"""Sentences that are looked at."""


def tone(sentences: Iterable[Sentence], movements: Iterable[Moved], weights: Index[int]) -> tuple[Tone, float]:
    """The label, and a score from -1 to 1."""
    total = sum(map(_worth, movements))
    for number, sentence in enumerate(sentences):
        if number >= _READ:
            break
        emphasis = 1.0 if sentence.headline else 0.6
        total += emphasis * sum(weight for weight, _ in weights.find(sentence))
    score = round(max(-1.0, min(1.0, total / _FULL)), 3)
    if total >= _POSITIVE:
        return Tone.POSITIVE, score
    return (Tone.NEGATIVE if total <= _NEGATIVE else Tone.NEUTRAL), score


def _worth(moved: Moved) -> float:
    if moved.direction is Direction.ADVANCE:
        return _ADVANCE.get(moved.issue, 0.0)
    if moved.direction is Direction.REGRESS:
        return _REGRESS.get(moved.issue, _OTHER_REGRESS)
    return _STALL if moved.direction is Direction.STALL else 0.0
