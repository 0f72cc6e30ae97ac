"""Patterns over words: how the lexicon says "impose, then within five words, sanctions".

A pattern is a row of elements, separated by spaces:

``sanctions``            the word itself; ``(lift|ease)`` one of several
``@truce``               any word of the class ``truce`` (of this file, or of ``words.yaml``)
``~impose``              any form of the verb (imposes, imposed, imposing); ``~impose.pp`` its participle only,
                         ``~impose.base`` its plain form, ``~impose.ing``, ``~impose.fin`` forms that can be finite
``2``                    a gap of up to two words; without a number the next element follows at once
``!@noun``               the next word is there and is none of the class
``^``                    before an element: this word is the event's predicate, whose factuality counts (default: first)
``*``                    the same for a predicate that is a noun

A gap crosses neither a comma nor a clause, unless a comma stands behind its number (``9,``). Matching takes the nearest
word that fits and never goes back, so that a pattern costs at most the sum of its gaps at each word.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from services.classify.clauses import Sentence, words_of

_VOWELS: Final = "aeiou"
_LONGEST_GAP: Final = 2
"""In digits: a number of more is a year, a word like any other."""


Word = str
"""A plain word, as ``clauses.plain`` makes it."""

P = TypeVar("P")


class PatternError(ValueError):
    """A pattern that cannot be read; the message says which part of it."""


@dataclass(frozen=True, slots=True)
class Verb:
    """The forms of one verb. ``finite`` holds those that can be a predicate without help (also the plain form)."""

    base: str
    third: str
    past: str
    participle: str
    ing: str

    def forms(self, kind: str) -> frozenset[str]:
        """The forms of one kind: ``all``, ``base``, ``fin``, ``pp`` or ``ing``."""
        return {
            "all": frozenset({self.base, self.third, self.past, self.participle, self.ing}),
            "base": frozenset({self.base}),
            "fin": frozenset({self.base, self.third, self.past}),
            "pp": frozenset({self.participle}),
            "ing": frozenset({self.ing}),
        }[kind]


def inflect(base: str, irregular: Mapping[str, tuple[str, str]], doubling: frozenset[str]) -> Verb:
    """The forms of an English verb: past and participle out of ``irregular`` where it has them, else by rule."""
    stem = base + base[-1] if base in doubling else base
    if base.endswith(("s", "x", "z", "ch", "sh", "o")):
        third = base + "es"
    elif base.endswith("y") and base[-2] not in _VOWELS:
        third = base[:-1] + "ies"
    else:
        third = base + "s"
    if base.endswith("e"):
        past = base + "d"
        ing = base + "ing" if base.endswith("ee") else base[:-1] + "ing"
    elif base.endswith("y") and base[-2] not in _VOWELS:
        past, ing = base[:-1] + "ied", base + "ing"
    else:
        past, ing = stem + "ed", stem + "ing"
    past, participle = irregular.get(base, (past, past))
    return Verb(base, third, past, participle, ing)


@dataclass(frozen=True, slots=True)
class Element:
    """One place of a pattern: one of ``words`` (``excluded``: anything else) after at most ``gap`` others."""

    words: frozenset[str]
    gap: int
    excluded: bool = False
    commas: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern.

    Attributes:
        source: as it was written.
        elements: its places.
        anchor: the number of the element that is the predicate.
        nominal: whether the predicate is a noun.
        passive: whether it is a participle whose subject is what it is done to ("hostages freed").

    """

    source: str
    elements: tuple[Element, ...]
    anchor: int
    nominal: bool
    passive: bool


@dataclass(frozen=True, slots=True)
class Match:
    """Where a pattern was found: token indices of its first and last word and of its predicate."""

    pattern: Pattern
    first: int
    last: int
    anchor: int


class Vocabulary:
    """What the names in patterns stand for: classes of words, and verbs."""

    def __init__(
        self,
        classes: Mapping[str, frozenset[str]],
        irregular: Mapping[str, tuple[str, str]],
        doubling: frozenset[str],
    ) -> None:
        self.classes = dict(classes)
        self._irregular = irregular
        self._doubling = doubling
        self.verbs: dict[str, Verb] = {}

    def within(self, classes: Mapping[str, frozenset[str]]) -> "Vocabulary":
        """The same with further classes; verbs met there are remembered here too."""
        inner = Vocabulary({**self.classes, **classes}, self._irregular, self._doubling)
        inner.verbs = self.verbs
        return inner

    def words(self, term: str) -> frozenset[str]:
        """What one term of a pattern or a class stands for: ``@class``, ``~verb.kind`` or a plain word."""
        if term.startswith("@"):
            try:
                return self.classes[term[1:]]
            except KeyError:
                raise PatternError(f"there is no class {term!r}") from None
        if term.startswith("~"):
            base, _, kind = term[1:].partition(".")
            if not base.isalpha() or len(base) < 2:  # noqa: PLR2004  the shortest verb that English has
                raise PatternError(f"{term!r} is no verb")
            verb = self.verbs.setdefault(base, inflect(base, self._irregular, self._doubling))
            try:
                return verb.forms(kind or "all")
            except KeyError:
                raise PatternError(f"{term!r}: expected .base, .fin, .pp or .ing") from None
        words = words_of(term)
        if len(words) != 1:
            raise PatternError(f"{term!r} is not one word")
        return frozenset(words)

    def forms(self) -> dict[Word, frozenset[str]]:
        """For each form of each verb met so far, what it can be: base, third, past, pp, ing."""
        kinds: dict[Word, set[str]] = {}
        for verb in self.verbs.values():
            for kind, form in (
                ("base", verb.base),
                ("third", verb.third),
                ("past", verb.past),
                ("pp", verb.participle),
                ("ing", verb.ing),
            ):
                kinds.setdefault(form, set()).add(kind)
        return {form: frozenset(found) for form, found in kinds.items()}

    def compile(self, source: str) -> Pattern:
        """Read one pattern.

        Raises:
            PatternError: what is wrong with it.

        """
        elements: list[Element] = []
        anchor, gap, commas = 0, 0, False
        nominal = passive = False
        for term in source.split():
            if (digits := term.removesuffix(",")).isdigit() and len(digits) <= _LONGEST_GAP:
                if not elements:
                    raise PatternError(f"{source!r}: a pattern begins and ends with a word")
                gap, commas = int(digits), term.endswith(",")
                continue
            if term[0] in "^*" and len(term) > 1:
                anchor, nominal = len(elements), term[0] == "*"
            bare = term[1:] if term[0] in "^*" and len(term) > 1 else term
            excluded = bare.startswith("!")
            bare = bare.removeprefix("!") or bare
            terms = bare[1:-1].split("|") if bare.startswith("(") and bare.endswith(")") else [bare]
            if term[0] == "^" and elements:
                passive = all(t.endswith(".pp") for t in terms)
            elements.append(Element(frozenset().union(*(self.words(t) for t in terms)), gap, excluded, commas))
            gap, commas = 0, False
        if not elements or gap or elements[0].excluded:
            raise PatternError(f"{source!r}: a pattern begins and ends with a word")
        return Pattern(source, tuple(elements), anchor, nominal, passive)


def match_at(pattern: Pattern, sentence: Sentence, index: int) -> Match | None:
    """The pattern with its first word at ``index`` (which the caller has checked), or ``None``."""
    words, clauses = sentence.words, sentence.clauses
    clause, here, anchor = clauses[index], index, index
    for number in range(1, len(pattern.elements)):
        element = pattern.elements[number]
        for place in range(here + 1, min(here + 2 + element.gap, len(words))):
            word = words[place]
            if (word in element.words) is not element.excluded:
                here = place
                break
            if not element.commas and (clauses[place] != clause or word == ","):
                return None
        else:
            return None
        if number == pattern.anchor:
            anchor = here
    return Match(pattern, index, here, anchor)


class Index(Generic[P]):
    """Patterns by the words they can begin with, each with a payload; a sentence is searched in one pass."""

    def __init__(self, patterns: Iterable[tuple[Pattern, P]]) -> None:
        self.entries = tuple(patterns)
        self._by_first: dict[str, list[tuple[Pattern, P, int]]] = {}
        for pattern, payload in self.entries:
            for word in pattern.elements[0].words:
                self._by_first.setdefault(word, []).append((pattern, payload, len(pattern.elements)))

    def find(self, sentence: Sentence) -> Iterator[tuple[P, Match]]:
        """Every match, in the order of the words."""
        by_first, words = self._by_first, sentence.words
        for index, word in enumerate(words):
            if word in by_first:
                left = len(words) - index
                for pattern, payload, length in by_first[word]:
                    match = match_at(pattern, sentence, index) if length <= left else None
                    if match is not None:
                        yield payload, match
