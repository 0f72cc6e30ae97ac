"""Signals: the milestone codes that a sentence asserts, each with its factuality."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from types import MappingProxyType
from typing import Final

from services.classify import actors
from services.classify.actors import Speech
from services.classify.clauses import Sentence
from services.classify.factuality import Reader
from services.classify.governors import Verdict
from services.classify.history import History
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
_ACCUSATIONS: Final = frozenset({"ceasefire_broken"})
"""What mostly one side says of the other: whoever is named as saying so, it is a claim."""
_ACTS_OF_ONE: Final = frozenset({"troop_withdrawal", "humanitarian_access", "prisoner_exchange"})
"""What the other side, or a bystander, can only say of the one whose act it is."""
_TALKED_OF: Final = frozenset({Mood.POSSIBLE, Mood.THREATENED, Mood.FAILED, Mood.CONDITIONAL, Mood.ASKED})
"""Moods in which the noun "talks" says nothing of whether any are held or planned."""
_MOST: Final = 40
"""Candidates that are judged in one sentence: more than any that makes sense has, a bound for one that makes none."""
_PLACE: Final = frozenset({"in", "at", "near", "outside"})
_TOPIC: Final = frozenset({"to", "on", "over", "about", "for", "amid", "regarding", ","})
"""What stands before the topic of a meeting, or ends the naming of those who meet."""


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
        cue_at: the character at which they begin in the field; that of the speaker where his word decided.
        speech: who says so, where somebody does.
        kind: of the pattern that found it.

    """

    code: str
    issue: str
    factuality: Factuality
    mood: Mood
    sentence: Sentence
    match: Match
    cue: str
    cue_at: int
    speech: Speech | None
    kind: Kind


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """Words that could name an event of a code, and why they do not."""

    code: str
    sentence: Sentence
    match: Match
    because: str


def find(
    sentence: Sentence, mentions: Sequence[Mention], lexicon: Lexicon, published: date | None = None
) -> Iterator[Found | Passed]:
    """The events that a sentence asserts, plans or denies, and the words that were considered and passed over.

    Args:
        sentence: where to look.
        mentions: the names in it.
        lexicon: the rules.
        published: the day of publication; what a clause dates to long before is history, and no event.

    """
    matches = list(islice(lexicon.codes.find(sentence), _MOST))
    if not matches:
        return
    excluded = [(rule.code, match) for (rule, kind), match in matches if kind == "excluded"]
    finder = _Finder(sentence, mentions, lexicon)
    past = History(sentence, published)
    for (rule, kind), match in matches:
        if kind == "excluded":
            continue
        other = next((m for code, m in excluded if code == rule.code and _overlap(match, m)), None)
        if other is not None:
            yield Passed(rule.code, sentence, match, f'part of "{sentence.quote(other.first, other.last)}"')
        elif past.covers(match.anchor):
            yield Passed(rule.code, sentence, match, "dated long before the text, or only the start of what lasts")
        else:
            yield finder.find(rule, kind, match)


def _overlap(one: Match, other: Match) -> bool:
    return one.first <= other.last and other.first <= one.last


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


def outshone(asserted: Iterable[Found], settled: Iterable[Found]) -> list[Passed]:
    """What :func:`settle` left out."""
    kept = set(map(id, settled))
    because = "said of what another signal of the text tells better"
    return [Passed(one.code, one.sentence, one.match, because) for one in asserted if id(one) not in kept]


class _Finder:
    """Judges the matches of one sentence."""

    def __init__(self, sentence: Sentence, mentions: Sequence[Mention], lexicon: Lexicon) -> None:
        self._sentence = sentence
        self._mentions = mentions
        self._grammar = lexicon.grammar
        self._reader = Reader(lexicon.grammar, sentence)

    def find(self, rule: Rule, kind: Kind, match: Match) -> Found | Passed:
        """What a match asserts, or why it asserts nothing."""
        if kind == "encounter" and not self._is_between_sides(match):
            return Passed(rule.code, self._sentence, match, "no two sides of one process meet")
        verdict = self._verdict(rule, kind, match)
        mood = verdict and self._mood(rule, kind, verdict.mood, match)
        if verdict is None or mood is None or (mood is Mood.FACTIVE and not rule.factive):
            return Passed(rule.code, self._sentence, match, "named, but not said to happen")
        unmet = match.pattern.nominal and mood in UNREAL
        if rule.ahead and ((mood in _TALKED_OF and (kind == "noun" or match.pattern.nominal)) or unmet):
            return Passed(rule.code, self._sentence, match, "talked of, but neither held nor planned")
        return self._found(rule, kind, match, verdict, mood)

    def _found(self, rule: Rule, kind: Kind, match: Match, verdict: Verdict, mood: Mood) -> Found:
        code, factuality = _meaning(rule, mood)
        sentence, cue, place = self._sentence, "", match.anchor
        said = actors.speech(sentence, self._mentions, self._grammar, match.anchor)
        if verdict.last >= verdict.first:
            cue, place = sentence.quote(verdict.first, verdict.last), verdict.first
        doubted = said is not None and (self._is_claim(rule, said, match) if kind != "reached" else said.reports)
        if said and doubted and factuality is Factuality.REACHED:
            factuality, mood = Factuality.CLAIMED, Mood.CLAIMED
            cue, place = cue or said.says, place if cue else said.first
        return Found(code, rule.issue, factuality, mood, sentence, match, cue, sentence.starts[place], said, kind)

    def _verdict(self, rule: Rule, kind: Kind, match: Match) -> Verdict | None:
        if kind == "noun":
            return self._reader.noun(match)
        if kind in {"event", "encounter"}:
            return self._reader.event(match, whole=rule.ahead is None)
        if kind == "plan":
            return self._reader.noun(match) or Verdict(Mood.POSSIBLE, match.first, match.last)
        mood = _FORCED[kind]
        if kind == "prospective":
            mood = self._reader.governors.mood_of(match.anchor) or mood
        condition = self._reader.governors.condition(match.anchor) if mood in REAL else None
        return condition or Verdict(mood, match.anchor, match.anchor)

    def _is_between_sides(self, match: Match) -> bool:
        """Whether two sides, or a side and a mediator, of one process meet, and are not only what is talked about."""
        first, end = self._sentence.clause_of(match.anchor)
        topic = (n for n in range(match.anchor + 1, end) if self._sentence.words[n] in _TOPIC)
        end = next(topic, end)
        sides: dict[str, set[str]] = {}
        for mention in self._mentions:
            place = mention.first > 0 and self._sentence.words[mention.first - 1] in _PLACE
            for name in mention.names if first <= mention.first < end and not place else ():
                sides.setdefault(name.process, set()).add(name.party or ("*" if name.mediates else ""))
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
        if said.reports or (rule.code in _ACCUSATIONS and (said.named or said.side)):
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
