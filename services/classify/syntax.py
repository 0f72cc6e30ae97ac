"""How words stand to one another in a clause: auxiliaries, participles, verbs that are nouns here."""

from typing import Final, NamedTuple

from services.classify.clauses import Sentence
from services.classify.lexicon import Grammar
from services.classify.patterns import Match

_BEFORE: Final = frozenset({"'s", "after", "before", "since", "despite", "amid", "following"})
"""Further words that no finite verb can follow."""


_QUOTED: Final = frozenset({",", "'", '"'})
_RELATIVE: Final = frozenset({"who", "which", "whose", "whom"})
_THIRD: Final = frozenset({"third"})

_NAMING: Final = 4
"""Words that may stand between "says" and the noun: "say Ukrainian prisoners released"."""

_SHORTEST: Final = 4
"""Endings say nothing of shorter words ("red", "king")."""


class Helpers(NamedTuple):
    """What stands right before a verb, as token numbers (-1: nothing); ``before`` is the first word left of it all."""

    before: int
    negation: int
    modal: int
    helped: int


class Syntax:
    """Answers about the words of one sentence."""

    def __init__(self, grammar: Grammar, sentence: Sentence) -> None:
        self.grammar = grammar
        self.sentence = sentence

    def forms(self, index: int) -> frozenset[str]:
        """Which forms of a verb the word can be: base, third, past, pp, ing; empty for what is no verb."""
        word = self.sentence.words[index]
        return self.grammar.verb_forms.get(word) or _guess(word)

    def is_verb(self, index: int) -> bool:
        """Whether the lexicon knows the word as a form of a verb."""
        return bool(self.forms(index))

    def is_used_as_verb(self, index: int) -> bool:
        """Whether a word that is asked for, in the lexicon or not, is a verb here: by form, or by what is before it."""
        first, _ = self.sentence.clause_of(index)
        if self.forms(index) and not self.is_nominal(index):
            return True
        helpers = self.helpers(index, first)
        before = self.sentence.words[helpers.before] if helpers.before >= first else ""
        does = helpers.helped >= 0 and self.sentence.words[helpers.helped] in self.grammar.classes["do"]
        infinitive = before == "to" and helpers.before == index - 1
        return helpers.modal >= 0 or does or infinitive or before in self.grammar.classes["pronoun"]

    def helpers(self, index: int, first: int) -> Helpers:
        """The auxiliaries, negations and adverbs right before a verb."""
        words, classes = self.sentence.words, self.grammar.classes
        negation = modal = helped = -1
        place = index - 1
        while place >= first:
            word = words[place]
            if word in classes["not"]:
                negation = place
            elif word in classes["modal"] or word in classes["will"]:
                modal = place
            elif word in classes["be"] or word in classes["have"] or word in classes["do"]:
                helped = place
            elif not self._is_adverb(word):
                break
            place -= 1
        return Helpers(place, negation, modal, helped)

    def is_helped(self, index: int) -> bool:
        """Whether a form of "be" stands before a participle."""
        first, _ = self.sentence.clause_of(index)
        for place in range(index - 1, first - 1, -1):
            word = self.sentence.words[place]
            if word in self.grammar.classes["be"]:
                return True
            if not self._is_adverb(word) and word not in self.grammar.classes["not"]:
                return False
        return False

    def is_fixed(self, index: int) -> bool:
        """Whether a present tense speaks of a day to come: "the two sides meet on Friday"."""
        kinds = self.forms(index)
        if not kinds & {"base", "third"} or kinds & {"past"} or self.is_helped(index):
            return False
        _, end = self.sentence.clause_of(index)
        return not self.grammar.classes["day"].isdisjoint(self.sentence.words[index + 1 : min(end, index + 12)])

    def is_attribute(self, match: Match) -> bool:
        """Whether the predicate is a participle before its noun: a "freed hostage" is somebody, no release."""
        words, classes, index = self.sentence.words, self.grammar.classes, match.anchor
        kinds = self.forms(index)
        if "pp" not in kinds or "base" in kinds or match.last <= index:
            return False
        place = index - 1
        while place > 0 and words[place].endswith("ly"):
            place -= 1
        before = words[place] if place >= 0 else ""
        if before in {"", ",", ":"}:
            return index + 1 == match.last
        return (
            before in classes["determiner"] - {"each", "all"}
            or before in classes["preposition"] - {"and", "or"}
            or before in _BEFORE
        )

    def is_postmodifier(self, match: Match) -> bool:
        """Whether a participle only says which noun is meant: "says medic released in swap", "medic released tells"."""
        words, index = self.sentence.words, match.anchor
        if "pp" not in self.forms(index) or self.is_helped(index):
            return False
        said = match.pattern.passive and match.first > 1
        for place in range(match.first - 1, max(0, match.first - _NAMING), -1) if said else ():
            if words[place] in self.grammar.classes["say"]:
                return words[place - 1] in _QUOTED
        _, end = self.sentence.clause_of(index)
        for place in range(index + 1, end):
            if words[place] in {",", "and", "to", "or"}:
                return False
            if self.grammar.verb_forms.get(words[place]) == _THIRD and words[place] in self.grammar.classes["tells"]:
                return True
        return False

    def is_identifying(self, index: int) -> bool:
        """Whether a relative clause only says who or what is meant: "soldiers who evacuated civilians look back"."""
        first, _ = self.sentence.clause_of(index)
        return self.sentence.words[first] in _RELATIVE and "," not in self.sentence.words[first:index]

    def is_nominal(self, index: int) -> bool:
        """Whether a word that can be noun or verb is the noun here: "the release of", "safe return"."""
        words, classes = self.sentence.words, self.grammar.classes
        kinds = self.forms(index)
        if not kinds & {"base", "third"}:
            return False
        if words[index + 1 : index + 2] == ["of"]:
            return True
        if index == 0:
            return False
        before = words[index - 1]
        prepositions = classes["preposition"] - {"to", "and", "or"}
        return (
            before in classes["determiner"]
            or before in prepositions
            or before in classes["adjective"]
            or before == "'s"
        )

    def _is_adverb(self, word: str) -> bool:
        return word in self.grammar.classes["adverb"] or (word.endswith("ly") and len(word) > 4)  # noqa: PLR2004  not "fly"


def _guess(word: str) -> frozenset[str]:
    """What form of a verb an unknown word has by its ending."""
    if word.endswith("ing") and len(word) > _SHORTEST:
        return frozenset({"ing"})
    if word.endswith("ed") and len(word) > _SHORTEST:
        return frozenset({"past", "pp"})
    return frozenset()
