"""The moods of an event: why it counts as real or not, and what that makes of it."""

from enum import StrEnum
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
