"""The moods of an event: why it counts as real or not, and what that makes of it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from shared.vocabulary import Factuality


class Mood(StrEnum):
    """Why an event counts as real or not; most stand for the words of one list in ``words.yaml``."""

    PLAIN = "plain"
    FACTIVE = "factive"
    STARTED = "started"
    AGREED = "agreed"
    CLAIMED = "claimed"
    FUTURE = "future"
    PLANNED = "planned"
    POSSIBLE = "possible"
    WANTED = "wanted"
    OFFERED = "offered"
    THREATENED = "threatened"
    CONDITIONAL = "conditional"
    ASKED = "asked"
    NEGATED = "negated"
    REFUSED = "refused"
    FAILED = "failed"
    BARE = "bare"
    """A noun that nothing governs: named, not asserted."""


REAL: Final = frozenset({Mood.PLAIN, Mood.FACTIVE, Mood.STARTED})
UNREAL: Final = frozenset({Mood.NEGATED, Mood.REFUSED, Mood.FAILED})


def status(mood: Mood) -> Factuality:
    """What a mood makes of an event, where its code says nothing else."""
    if mood in REAL:
        return Factuality.REACHED
    if mood in UNREAL:
        return Factuality.NEGATED
    return Factuality.CLAIMED if mood is Mood.CLAIMED else Factuality.PROSPECTIVE


PROBABILITY: Final[Mapping[Mood, float]] = MappingProxyType(
    dict.fromkeys(Mood, 0.15)
    | {Mood.PLAIN: 0.93, Mood.FACTIVE: 0.9, Mood.STARTED: 0.9, Mood.AGREED: 0.4, Mood.CLAIMED: 0.6, Mood.BARE: 0.65}
    | {Mood.NEGATED: 0.04, Mood.REFUSED: 0.06, Mood.FAILED: 0.06}
)
"""The chance that an event in each mood happened."""
