"""What governs an event from outside: the cue to the left, the head noun to the right, the clause that it is in."""

from collections.abc import Callable
from typing import Final, NamedTuple

from services.classify.clauses import Sentence
from services.classify.lexicon import Grammar
from services.classify.moods import REAL, Mood
from services.classify.patterns import Index, Match
from services.classify.syntax import Syntax

_REACH: Final = 10
"""Words to the left within which a governor is looked for."""
_NEAR: Final = 3
"""Words after a noun within which another is still its head."""

_ANY: Final = frozenset({"a", "an"})
"""After "after", an article that names no certain event: "troops will go in after a deal"."""
_SPOKEN: Final = frozenset({Mood.WANTED, Mood.OFFERED, Mood.THREATENED})


class Verdict(NamedTuple):
    """A mood and the tokens that decided it (``first`` > ``last``: none did, it is a plain statement)."""

    mood: Mood
    first: int = 0
    last: int = -1


def _longest(index: Index[Mood], sentence: Sentence) -> dict[int, tuple[Match, Mood]]:
    """The longest cue that ends at each token."""
    found: dict[int, tuple[Match, Mood]] = {}
    for mood, match in index.find(sentence):
        if match.last not in found or match.first < found[match.last][0].first:
            found[match.last] = (match, mood)
    return found


class Governors:
    """The cues of one sentence, found once and asked for every event in it."""

    def __init__(self, grammar: Grammar, syntax: Syntax, predicate: Callable[[int], Verdict]) -> None:
        """Look for cues.

        Args:
            grammar: what they are.
            syntax: the sentence.
            predicate: the mood of the verb at a token, for cues that are verbs themselves.

        """
        self.grammar = grammar
        self.sentence = syntax.sentence
        self.syntax = syntax
        self._predicate = predicate
        self._governing = _longest(grammar.cues, self.sentence)
        self._embedding = _longest(grammar.embedding, self.sentence)
        self._heads = {match.first: (match, mood) for match, mood in _longest(grammar.heads, self.sentence).values()}

    def mood_of(self, index: int) -> Mood | None:
        """The mood that the word at a token gives what it governs, if that is only spoken of ("threatens", "urges")."""
        cue = self._governing.get(index)
        return cue[1] if cue is not None and cue[1] in _SPOKEN else None

    def condition(self, index: int) -> Verdict | None:
        """The condition that a clause as a whole is under, if any."""
        first, end = self.sentence.clause_of(index)
        word = self.sentence.words[first]
        if word == "when" and not {"is", "are"}.isdisjoint(self.sentence.words[first:end]):
            return Verdict(Mood.CONDITIONAL, first, first)
        if word in self.grammar.classes["conditional"] or word == "before":
            return Verdict(Mood.CONDITIONAL, first, first)
        return None

    def if_follows(self, index: int) -> Verdict | None:
        """A condition in the next clause: "they agree to sanctions if it invades"."""
        _, end = self.sentence.clause_of(index)
        if end < len(self.sentence.words) and self.sentence.words[end] in {"if", "unless"}:
            return Verdict(Mood.CONDITIONAL, end, end)
        return None

    def between(self, match: Match) -> Verdict | None:
        """A cue between predicate and object: "approves a resolution threatening sanctions"."""
        anchor, own = match.anchor, match.pattern.elements
        for place in range(anchor + 1, match.last):
            cue = self._governing.get(place)
            if cue is None or cue[0].first <= anchor or cue[1] in REAL | {Mood.AGREED, Mood.FUTURE}:
                continue
            word = self.sentence.words[place]
            if self.sentence.words[place - 1] != "-" and not any(word in element.words for element in own):
                return Verdict(cue[1], cue[0].first, cue[0].last)
        return None

    def head(self, last_of_noun: int, end: int) -> Verdict | None:
        """What follows a noun and makes it something else: a "truce proposal", a truce that "is possible"."""
        near = True
        for place in range(last_of_noun + 1, min(last_of_noun + _REACH, end)):
            word = self.sentence.words[place]
            head = self._heads.get(place)
            if head is not None and (near or self.sentence.words[place - 1] in self.grammar.classes["link"]):
                return Verdict(head[1], head[0].first, head[0].last)
            if word == ",":
                return None
            near = near and place < last_of_noun + _NEAR and word not in self.grammar.classes["preposition"]
        return None

    def governed(self, place: int, first: int, otherwise: Mood, own: int, *, nouns: bool = False) -> Verdict:
        """The mood that the nearest cue at or left of ``place`` gives."""
        words, classes = self.sentence.words, self.grammar.classes
        stop = max(first, place - _REACH)
        verdict, crossed = Verdict(otherwise), False
        while place >= stop:
            word = words[place]
            cue = self._governing.get(place)
            stray = crossed and cue is not None and not self.syntax.is_verb(cue[0].first)
            if cue is not None and cue[0].first < own and not stray and not self._is_far(cue[0], cue[1], own):
                match, mood = cue
                above = self._any(match, mood, nouns=nouns) or self._above(match.first, first, mood)
                if above is not None:
                    return above
                if mood is not Mood.STARTED or not nouns:
                    return Verdict(mood, match.first, match.last)
                verdict = Verdict(mood, match.first, match.last)
            if not crossed and (word in classes["no"] or word in classes["not"]):
                return Verdict(Mood.NEGATED, place, place)
            if not crossed and (word in classes["modal"] or word in classes["will"]):
                return self._modal_over(place, first, own) if nouns else self.modal(place)
            if word in classes["conditional"]:
                return Verdict(Mood.CONDITIONAL, place, place)
            if word == ",":
                if not nouns:
                    break
                crossed = True
            place -= 1
        return verdict

    def _modal_over(self, place: int, first: int, own: int) -> Verdict:
        """What a modal makes of a noun: "will hold talks" is fixed, "will fit well into the framework of talks" not."""
        doubt = self.embedded(place, first, base=True)
        if doubt is not None and doubt.mood is Mood.POSSIBLE:
            return doubt
        verdict = self.modal(place)
        if verdict.mood is Mood.FUTURE and own - place > _NEAR + 1:
            return Verdict(Mood.POSSIBLE, place, place)
        return verdict

    def _is_far(self, cue: Match, mood: Mood, own: int) -> bool:
        """Whether a preposition ("after", "since") stands too far before a noun to be its own."""
        if mood is Mood.STARTED and self.sentence.words[own - 1] != "to":
            return own - cue.last >= _NEAR
        return mood is Mood.FACTIVE and not self.syntax.is_verb(cue.first) and own - cue.last > _NEAR + 1

    def _any(self, cue: Match, mood: Mood, *, nouns: bool) -> Verdict | None:
        """The condition that "after a deal" sets, where no certain deal is meant."""
        following = self.sentence.words[cue.last + 1 : cue.last + 2]
        if nouns and mood is Mood.FACTIVE and not _ANY.isdisjoint(following) and not self.syntax.is_verb(cue.first):
            return Verdict(Mood.CONDITIONAL, cue.first, cue.last + 1)
        return None

    def _above(self, index: int, first: int, mood: Mood) -> Verdict | None:
        """What governs the cue itself: ``did not agree to``, ``no plans to``, ``may begin to``."""
        classes = self.grammar.classes
        if mood in {Mood.STARTED, Mood.FACTIVE, Mood.AGREED} and self.syntax.is_verb(index) and index > first:
            above = self._predicate(index)
            if mood is Mood.AGREED and "ing" in self.syntax.forms(index):
                return Verdict(Mood.POSSIBLE, index, index) if above.mood in REAL | {Mood.BARE} else above
            return None if above.mood in REAL | {Mood.BARE} else above
        for place in range(index - 1, max(first, index - 4) - 1, -1):
            word = self.sentence.words[place]
            denied = place - 1 if self._has_none(place - 1, first) else place
            if word in classes["not"] or word in classes["no"] or denied < place:
                return Verdict(Mood.NEGATED, denied, place)
            cue = self._governing.get(place)
            if cue is not None and cue[1] is Mood.REFUSED and mood in {Mood.WANTED, Mood.OFFERED}:
                return Verdict(Mood.REFUSED, cue[0].first, cue[0].last)
            if mood in {Mood.WANTED, Mood.OFFERED}:
                continue
            if word not in classes["be"] and word not in classes["have"] and word not in classes["adverb"]:
                return None
        return None

    def _has_none(self, place: int, first: int) -> bool:
        """Whether a noun after ``place`` is denied: "no date set for talks"."""
        return place >= first and self.sentence.words[place] in self.grammar.classes["no"]

    def negative_subject(self, place: int, first: int) -> Verdict | None:
        """A subject that denies its verb: "no side has signed"."""
        for index in range(place, max(first, place - 6) - 1, -1):
            if self.sentence.words[index] in self.grammar.classes["no"]:
                return Verdict(Mood.NEGATED, index, index)
            if self.sentence.words[index] == ",":
                return None
        return None

    def embedded(self, index: int, first: int, *, base: bool) -> Verdict | None:
        """Whose word the statement is, or what it is hoped or demanded by: "claims that", "demands that"."""
        for place in range(index - 1, first - 1, -1):
            if self.sentence.words[place] == "," and not base:
                return None
            cue = self._embedding.get(place)
            if cue is not None and (cue[1] is not Mood.POSSIBLE or base or place < index - 1):
                return Verdict(cue[1], cue[0].first, cue[0].last)
        return None

    def modal(self, index: int) -> Verdict:
        """What the modal verb at a token makes of its event."""
        word, classes = self.sentence.words[index], self.grammar.classes
        if word in classes["will"]:
            return Verdict(Mood.FUTURE, index, index)
        return Verdict(Mood.WANTED if word in classes["duty"] else Mood.POSSIBLE, index, index)
