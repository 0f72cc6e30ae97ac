"""Signals: the milestone codes that a sentence asserts, each with its factuality."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.classify import actors
from services.classify.actors import Speech
from services.classify.clauses import Sentence
from services.classify.factuality import Reader
from services.classify.governors import Verdict
from services.classify.lexicon import Kind, Lexicon, Rule
from services.classify.moods import REAL, UNREAL, Mood, status
from services.classify.patterns import Match
from services.classify.processes import Mention
from shared.vocabulary import Factuality

STRENGTH: Final[Mapping[Factuality, int]] = MappingProxyType(
    {Factuality.REACHED: 3, Factuality.CLAIMED: 2, Factuality.PROSPECTIVE: 1, Factuality.NEGATED: 0}
)
"""Of several assertions of one code, the strongest counts."""

_FIXED: Final = frozenset({Mood.FUTURE, Mood.PLANNED, Mood.AGREED})
"""Talks in these moods are fixed for the future, not merely wished for."""
_FORCED: Final[Mapping[Kind, Mood]] = MappingProxyType(
    {"reached": Mood.PLAIN, "claimed": Mood.CLAIMED, "prospective": Mood.POSSIBLE, "negated": Mood.NEGATED}
)
_ONE_SIDED: Final = frozenset({"talks_collapsed"})
"""What one side can bring about, but not declare for both."""
_ACTS_OF_ONE: Final = frozenset({"troop_withdrawal", "humanitarian_access", "prisoner_exchange"})
"""What the other side, or a bystander, can only say of the one whose act it is."""
_TALKED_OF: Final = frozenset({Mood.POSSIBLE, Mood.THREATENED, Mood.FAILED, Mood.CONDITIONAL, Mood.ASKED})
"""Moods in which the noun "talks" says nothing of whether any are held or planned."""
_FIRST_YEAR: Final = 1900


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One event in one sentence.

    Attributes:
        code: the milestone code.
        issue: the issue that it moves.
        factuality: how real it is.
        mood: why.
        sentence: where it stands.
        match: the words that name it.
        cue: the words that decided the factuality; empty for a plain statement.
        speech: who says so, where somebody does.

    """

    code: str
    issue: str
    factuality: Factuality
    mood: Mood
    sentence: Sentence
    match: Match
    cue: str
    speech: Speech | None
    kind: Kind


def find(sentence: Sentence, mentions: Sequence[Mention], lexicon: Lexicon, year: int | None = None) -> Iterator[Found]:
    """The events that a sentence asserts, plans or denies.

    Args:
        sentence: where to look.
        mentions: the names in it.
        lexicon: the rules.
        year: the year of publication; what a clause dates to an earlier one is history, and no event.

    """
    matches = list(lexicon.codes.find(sentence))
    if not matches:
        return
    excluded = [(rule.code, match) for (rule, kind), match in matches if kind == "excluded"]
    finder = _Finder(sentence, mentions, lexicon)
    for (rule, kind), match in matches:
        if kind == "excluded" or any(code == rule.code and _overlap(match, other) for code, other in excluded):
            continue
        if not _is_history(sentence, match, year):
            found = finder.find(rule, kind, match)
            if found is not None:
                yield found


def _overlap(one: Match, other: Match) -> bool:
    return one.first <= other.last and other.first <= one.last


def _is_history(sentence: Sentence, match: Match, year: int | None) -> bool:
    if year is None:
        return False
    first, end = sentence.clause_of(match.anchor)
    numbers = (word for word in sentence.words[first:end] if len(word) == 4 and word.isascii() and word.isdecimal())  # noqa: PLR2004  a year
    return any(_FIRST_YEAR <= int(number) < year for number in numbers)


def settle(found: Sequence[Found]) -> list[Found]:
    """The events of a whole text, without those that others in it make a mere manner of speaking.

    Talks that broke down are not told as held as well, nor those that are only ahead; the embargo in "lifting of the
    embargo" is not imposed.
    """
    real = {one.code for one in found if one.factuality in {Factuality.REACHED, Factuality.CLAIMED}}
    eased = {id(one.sentence) for one in found if one.code == "sanctions_eased"}

    def stands(one: Found) -> bool:
        if one.code == "talks_held" and one.factuality is Factuality.REACHED:
            named = one.match.pattern.nominal or one.kind not in {"event", "encounter"}
            return "talks_collapsed" not in real and not (named and "talks_scheduled" in real)
        return not (one.code == "sanctions_imposed" and one.kind == "noun" and id(one.sentence) in eased)

    return [one for one in found if stands(one)]


class _Finder:
    """Judges the matches of one sentence."""

    def __init__(self, sentence: Sentence, mentions: Sequence[Mention], lexicon: Lexicon) -> None:
        self._sentence = sentence
        self._mentions = mentions
        self._grammar = lexicon.grammar
        self._reader = Reader(lexicon.grammar, sentence)

    def find(self, rule: Rule, kind: Kind, match: Match) -> Found | None:
        """What a match asserts, or ``None`` where it only names something."""
        verdict = self._verdict(rule, kind, match)
        if verdict is None:
            return None
        mood = self._mood(rule, kind, verdict.mood, match)
        if mood is Mood.FACTIVE and not rule.factive:
            return None
        if rule.ahead and mood in _TALKED_OF and (kind == "noun" or match.pattern.nominal):
            return None
        code, factuality = _meaning(rule, mood)
        said = actors.speech(self._sentence, self._mentions, self._grammar, match.anchor)
        doubted = said is not None and (self._is_claim(rule, said, match) if kind != "reached" else said.reports)
        if doubted and factuality is Factuality.REACHED:
            factuality, mood = Factuality.CLAIMED, Mood.CLAIMED
        cue = self._sentence.quote(verdict.first, verdict.last) if verdict.last >= verdict.first else ""
        return Found(code, rule.issue, factuality, mood, self._sentence, match, cue, said, kind)

    def _verdict(self, rule: Rule, kind: Kind, match: Match) -> Verdict | None:
        if kind == "noun":
            return self._reader.noun(match)
        if kind == "event" or (kind == "encounter" and self._is_between_sides()):
            return self._reader.event(match, whole=rule.ahead is None)
        if kind == "encounter":
            return None
        if kind == "plan":
            return self._reader.noun(match) or Verdict(Mood.POSSIBLE, match.first, match.last)
        mood = _FORCED[kind]
        condition = self._reader.governors.condition(match.anchor) if mood in REAL else None
        return condition or Verdict(mood, match.anchor, match.anchor)

    def _is_between_sides(self) -> bool:
        """Whether the sentence names two sides, or a side and a mediator, of one process."""
        sides: dict[str, set[str]] = {}
        for mention in self._mentions:
            for name in mention.names:
                sides.setdefault(name.process, set()).add(name.party or (mention.text if name.mediates else ""))
        return any(len(found - {""}) > 1 for found in sides.values())

    def _mood(self, rule: Rule, kind: Kind, mood: Mood, match: Match) -> Mood:
        predicate = kind in {"event", "encounter"} and not match.pattern.nominal
        if rule.ahead and mood is Mood.PLAIN and predicate and self._reader.syntax.is_fixed(match.anchor):
            return Mood.FUTURE
        if mood is Mood.AGREED and kind == "noun" and not rule.ahead:
            return Mood.PLANNED
        return mood

    def _is_claim(self, rule: Rule, said: Speech, match: Match) -> bool:
        """Whether the speaker speaks for one side of what it does not decide alone, or of another's act."""
        if said.reports:
            return True
        if rule.bilateral or rule.code in _ONE_SIDED:
            return bool(said.parties) or said.side
        if rule.code not in _ACTS_OF_ONE or not said.named:
            return False
        first, _ = self._sentence.clause_of(match.anchor)
        before = (m for m in self._mentions if first <= m.last < match.anchor and m.first != said.first)
        subjects = actors.parties(before)
        return bool(subjects) and not said.parties & subjects


def _meaning(rule: Rule, mood: Mood) -> tuple[str, Factuality]:
    """The code and factuality that a mood makes of an event."""
    factuality = rule.agreed if mood is Mood.AGREED else status(mood)
    if rule.ahead is None or mood in REAL or mood is Mood.CLAIMED:
        return rule.code, factuality
    if mood in UNREAL:
        return ("talks_held" if rule.code == rule.ahead else rule.code), factuality
    return rule.ahead, Factuality.REACHED if mood in _FIXED else Factuality.PROSPECTIVE
