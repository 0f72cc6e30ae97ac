"""Why not? For every code that was considered in a text and is not reached, the reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.classify.moods import Mood
from services.classify.pipeline import Reading, strongest
from services.classify.signals import Found, Passed
from shared.vocabulary import Factuality

_MEANS: Final[Mapping[Mood, str]] = MappingProxyType(
    {
        Mood.AGREED: "agreed or decided, not said to have begun",
        Mood.CLAIMED: "somebody's word",
        Mood.FUTURE: "lies ahead",
        Mood.PLANNED: "planned",
        Mood.POSSIBLE: "possible",
        Mood.WANTED: "demanded",
        Mood.OFFERED: "offered",
        Mood.THREATENED: "threatened",
        Mood.CONDITIONAL: "on a condition",
        Mood.ASKED: "a question",
        Mood.NEGATED: "negated",
        Mood.REFUSED: "refused",
        Mood.FAILED: "failed or delayed",
    }
)


@dataclass(frozen=True, slots=True)
class Considered:
    """One code that a text does not assert as reached.

    Attributes:
        code: the milestone code.
        because: the reason, in words.
        cue: the words that decided, or those that could have named the event.
        field: of the event (``title``, ``text``).
        offset: of the first character of ``cue`` in it.

    """

    code: str
    because: str
    cue: str
    field: str
    offset: int

    def __str__(self) -> str:
        return f"{self.code} not reached: {self.because} ({self.cue!r}, {self.field}, offset {self.offset})"


def trace(reading: Reading) -> tuple[Considered, ...]:
    """The codes that were considered and are not reached, each with the reason of its strongest candidate."""
    best = strongest(reading.found)
    considered = {code: _unreal(one) for code, one in best.items() if one.factuality is not Factuality.REACHED}
    for passed in reading.passed:
        if passed.code not in best and passed.code not in considered:
            considered[passed.code] = _passed(passed)
    return tuple(considered.values())


def _unreal(one: Found) -> Considered:
    because = f"{one.factuality}, {_MEANS.get(one.mood, str(one.mood))}"
    cue = one.cue or one.sentence.quote(one.match.first, one.match.last)
    return Considered(one.code, because, cue, one.sentence.field, one.cue_at)


def _passed(one: Passed) -> Considered:
    sentence, match = one.sentence, one.match
    cue = sentence.quote(match.first, match.last)
    return Considered(one.code, one.because, cue, sentence.field, sentence.starts[match.first])
