"""How real a text says an event is.

The approach follows factuality profiling as in FactBank (Saurí and Pustejovsky 2009): the predicate's own auxiliaries
come first, then what governs it (an infinitive, an -ing form and a noun have governors, a finite verb has not), then
what holds over its clause (conditions, questions, somebody's claim).
"""

from dataclasses import dataclass
from typing import Final

from services.classify import happening
from services.classify.clauses import Sentence, sentences
from services.classify.governors import Governors, Verdict
from services.classify.lexicon import Grammar, shipped
from services.classify.moods import REAL, UNREAL, Mood, status
from services.classify.patterns import Match
from services.classify.syntax import Helpers, Syntax
from shared.vocabulary import Factuality

_NOTHING: Final = frozenset({"from", "on", "of", "about", "for", "in", "against", "over", "to", "with", "at", "into"})
"""Prepositions before an -ing form that only name the act."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """How real one event is.

    Attributes:
        status: reached, claimed, prospective or negated.
        probability: 0 to 1, that it happened.
        mood: why.
        cue: the words that decided; empty for a plain statement.

    """

    status: Factuality
    probability: float
    mood: Mood
    cue: str


class Reader:
    """Judges the events of one sentence."""

    def __init__(self, grammar: Grammar, sentence: Sentence) -> None:
        self.grammar = grammar
        self.sentence = sentence
        self.syntax = Syntax(grammar, sentence)
        self.governors = Governors(grammar, self.syntax, self.predicate)

    def event(self, match: Match, *, whole: bool = True) -> Verdict | None:
        """The mood of an event by its pattern; ``None`` where the words only name it or somebody in it.

        Args:
            match: the words.
            whole: whether the object is part of what happens ("impose sanctions"), so that words before it count
                ("impose threatened sanctions"), and not only its topic ("discuss a possible withdrawal").

        """
        pattern, anchor = match.pattern, match.anchor
        if pattern.nominal or not self.syntax.is_verb(anchor):
            verdict = self._noun(match.first, anchor, anchor)
            return Verdict(Mood.PLAIN) if verdict.mood is Mood.BARE else verdict
        if self.syntax.is_attribute(match) or self.syntax.is_postmodifier(match):
            return None
        if self.syntax.is_nominal(anchor):
            verdict = self._noun(anchor, anchor, anchor)
            return None if verdict.mood is Mood.BARE else verdict
        if self.syntax.is_identifying(anchor):
            return None
        if pattern.passive and not self.sentence.headline and not self.syntax.is_helped(anchor):
            return None
        between = self.governors.between(match) if whole else None
        verdict = self.predicate(anchor, match.first)
        if verdict.mood in REAL | {Mood.AGREED}:
            verdict = between or self.governors.if_follows(anchor) or verdict
        return None if verdict.mood is Mood.BARE else verdict

    def noun(self, match: Match) -> Verdict | None:
        """The mood of an event that a noun names; ``None`` where it is only named."""
        verdict = self._noun(match.first, match.last, match.first)
        return None if verdict.mood is Mood.BARE else verdict

    def word(self, index: int) -> Verdict:
        """The mood of the event that one word names, verb or noun, whether the lexicon knows it or not."""
        if self.syntax.is_used_as_verb(index):
            return self.predicate(index)
        return self._noun(index, index, index)

    def predicate(self, index: int, own: int | None = None) -> Verdict:
        """The mood of the event whose predicate is the verb at ``index``; cues from token ``own`` on are its own."""
        own = index if own is None else own
        first, _ = self.sentence.clause_of(index)
        helpers = self.syntax.helpers(index, first)
        if helpers.negation >= 0:
            return Verdict(Mood.NEGATED, helpers.negation, helpers.negation)
        if helpers.modal >= 0:
            doubt = self.governors.embedded(helpers.before + 1, first, base=True)
            return doubt if doubt is not None and doubt.mood is Mood.POSSIBLE else self.governors.modal(helpers.modal)
        return self._governed_verb(index, first, own, helpers) or self._finite(index, first, own, helpers)

    def _governed_verb(self, index: int, first: int, own: int, helpers: Helpers) -> Verdict | None:
        """The mood of an infinitive or -ing form, which something else governs."""
        words = self.sentence.words
        place, helped = helpers.before, helpers.helped
        if helped == place + 1 and words[helped] == "being":
            return self.governors.governed(place, first, Mood.PLAIN, own)
        if place >= first and words[place] == "to":
            return self._infinitive(place, first, own)
        if place > first and words[place] in self.grammar.classes["help"] and helped < 0:
            return self.predicate(place, own)
        if "ing" in self.syntax.forms(index) and helped < 0:
            return self._gerund(place, first, own)
        return None

    def _finite(self, index: int, first: int, own: int, helpers: Helpers) -> Verdict:
        """The mood of a verb that stands by itself."""
        place = helpers.before
        kinds = self.syntax.forms(index)
        bare = "base" in kinds and helpers.helped < 0
        shared = self._shared_helper(place, first, own) if bare else None
        if shared is not None:
            return shared
        opens = index == 0 or (place == first and self.sentence.words[place] == ":")
        if bare and opens and kinds == {"base"}:
            return Verdict(Mood.WANTED, index, index)
        return self.governors.negative_subject(place, first) or self._over_clause(index, first, base=bare)

    def _noun(self, first_of_noun: int, last_of_noun: int, anchor: int) -> Verdict:
        first, last = self.sentence.clause_of(anchor)
        head = self.governors.head(last_of_noun, last)
        if head is not None and head.mood in UNREAL:
            return head
        above = self.governors.governed(first_of_noun - 1, first, Mood.BARE, first_of_noun, nouns=True)
        return above if head is None or above.mood in UNREAL else head

    def _infinitive(self, to: int, first: int, own: int) -> Verdict:
        if to > first and self.sentence.words[to - 1] in self.grammar.classes["be"]:
            return Verdict(Mood.FUTURE, to - 1, to)
        otherwise = Mood.FUTURE if self.sentence.headline else Mood.POSSIBLE
        verdict = self.governors.governed(to, first, otherwise, own)
        return verdict if verdict.last >= 0 else Verdict(verdict.mood, to, to)

    def _gerund(self, place: int, first: int, own: int) -> Verdict:
        words = self.sentence.words
        claim = self.governors.embedded(place + 1, first, base=False)
        if claim is not None and claim.mood is Mood.CLAIMED:
            return claim
        if place < first or words[place] in {":", "—", "-", "("}:
            return Verdict(Mood.BARE)
        before = words[place]
        otherwise = Mood.PLAIN
        if before in _NOTHING or (before not in {",", "and", "by", "after", "while"} and not self.sentence.headline):
            otherwise = Mood.BARE
        return self.governors.governed(place, first, otherwise, own)

    def _shared_helper(self, place: int, first: int, own: int) -> Verdict | None:
        """For "to stop and (to) withdraw", "must stop and (must) withdraw": what stands before the first verb."""
        words, classes = self.sentence.words, self.grammar.classes
        if place < first or words[place] not in {"and", "or", ","}:
            return None
        for index in range(place - 1, max(first, place - 12) - 1, -1):
            following = self.syntax.forms(index + 1)
            if words[index] == "to" and "base" in following:
                return self._infinitive(index, first, own)
            if words[index] in classes["modal"] or words[index] in classes["will"]:
                return self.governors.modal(index)
        return None

    def _over_clause(self, index: int, first: int, *, base: bool) -> Verdict:
        """What holds over the whole clause of a finite verb."""
        words = self.sentence.words
        found = self.governors.condition(index) or self.governors.embedded(index, first, base=base)
        if found is not None:
            return found
        if words[-1] == "?" and words[0] in self.grammar.classes["question"]:
            return Verdict(Mood.ASKED, len(words) - 1, len(words) - 1)
        return Verdict(Mood.PLAIN)


def named(text: str, start: int, end: int) -> tuple[Reader, int] | None:
    """A reader of the sentence in which the characters ``start`` to ``end`` name an event, and its first word there."""
    grammar = shipped().grammar
    for sentence in sentences("text", text):
        for index, begin in enumerate(sentence.starts):
            if begin < end and sentence.ends[index] > start and sentence.words[index][0].isalnum():
                return Reader(grammar, sentence), index
    return None


def assess(text: str, start: int, end: int) -> Assessment:
    """How real the event is that the characters ``start`` to ``end`` of an English text name.

    The status is what the rules say; the probability weighs that with the words around, as fitted on labelled events.

    Raises:
        ValueError: there is no word between ``start`` and ``end``.

    """
    event = named(text, start, end)
    if event is None:
        raise ValueError(f"there is no word between {start} and {end}")
    reader, index = event
    verdict = reader.word(index)
    cue = reader.sentence.quote(verdict.first, verdict.last) if verdict.last >= verdict.first else ""
    probability = happening.shipped().probability(happening.features(reader.syntax, index, verdict))
    return Assessment(status(verdict.mood), probability, verdict.mood, cue)
