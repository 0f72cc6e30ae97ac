"""Movements: which negotiation issues a text deals with, and which way each moves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.classify.clauses import Sentence
from services.classify.lexicon import Lexicon
from services.classify.moods import Mood
from services.classify.patterns import Match
from services.classify.signals import Found
from shared.vocabulary import Direction, Factuality

_BACKWARD: Final = frozenset({"sanctions_imposed", "ceasefire_broken", "talks_collapsed", "parliamentary_rejection"})
"""Codes whose reaching is a step away from settlement."""
_OPEN: Final = frozenset({Mood.WANTED, Mood.CONDITIONAL, Mood.POSSIBLE, Mood.ASKED})
"""Moods in which an event is spoken of, but nobody moves."""
_IF: Final = frozenset({"if", "unless"})
_SIGNALLED: Final = 10
_WEIGHTS: Final[Mapping[Direction, int]] = MappingProxyType(
    {Direction.STALL: 14, Direction.REGRESS: 8, Direction.ADVANCE: 6, Direction.MENTIONED: 1}
)
"""How much the words of a direction count beside what the signals say: a deadlock outweighs that talks were held."""
_BY_MATTER: Final = frozenset({"ratification"})
"""Issues whose signals do not tell the direction: a parliament can approve a peace as well as a war."""


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """One issue in one text, with the words that show it and those that show the direction."""

    issue: str
    direction: Direction
    sentence: Sentence
    match: Match
    cue: str


def find(sentences: Iterable[Sentence], signals: Iterable[Found], lexicon: Lexicon) -> list[Moved]:
    """One movement per issue: the direction that the text supports most strongly."""
    best: dict[str, tuple[float, Moved]] = {}

    def offer(moved: Moved, weight: float) -> None:
        if moved.issue not in best or weight > best[moved.issue][0]:
            best[moved.issue] = (weight, moved)

    signalled: dict[int, dict[str, Match]] = {}
    for signal in signals:
        signalled.setdefault(id(signal.sentence), {})[signal.issue] = signal.match
        direction = _direction(signal)
        weight = _SIGNALLED + _firmness(signal) if direction is not Direction.MENTIONED else 1
        offer(Moved(signal.issue, direction, signal.sentence, signal.match, signal.cue), weight)
    for sentence in sentences:
        mentions = dict(reversed(list(lexicon.mentions.find(sentence))))
        mentions |= signalled.get(id(sentence), {})
        if not mentions:
            continue
        for issue, match in mentions.items():
            offer(Moved(issue, Direction.MENTIONED, sentence, match, ""), 1)
        for (issue, direction), cue in lexicon.moves.find(sentence):
            first, _ = sentence.clause_of(cue.first)
            if issue in mentions and sentence.words[first] not in _IF:
                words = sentence.quote(cue.first, cue.last)
                weight = _WEIGHTS[Direction.STALL if issue in _BY_MATTER else direction]
                offer(Moved(issue, direction, sentence, mentions[issue], words), weight)
    return [moved for _, moved in best.values()]


def _firmness(signal: Found) -> float:
    """Of several signals of one issue, the one that is surer decides."""
    return {Factuality.REACHED: 3, Factuality.CLAIMED: 2, Factuality.NEGATED: 1.5, Factuality.PROSPECTIVE: 1}[
        signal.factuality
    ]


def _direction(signal: Found) -> Direction:
    """Where a signal moves its issue."""
    forward = signal.code not in _BACKWARD
    toward, away = (Direction.ADVANCE, Direction.REGRESS) if forward else (Direction.REGRESS, Direction.ADVANCE)
    if signal.factuality in {Factuality.REACHED, Factuality.CLAIMED}:
        return toward
    if signal.factuality is Factuality.NEGATED:
        if signal.code == "sanctions_imposed":
            return Direction.MENTIONED
        return Direction.STALL if signal.mood is Mood.FAILED and forward else away
    if signal.code == "sanctions_imposed":
        return Direction.MENTIONED if signal.mood is Mood.WANTED else Direction.REGRESS
    if signal.mood is Mood.THREATENED:
        return Direction.REGRESS
    return Direction.MENTIONED if signal.mood in _OPEN else toward
