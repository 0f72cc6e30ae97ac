"""PLOVER: the event root that a text gives for a source and a target, and the code of each signal.

The roots are those of the PLOVER ontology (Halterman et al. 2023, openeventdata/PLOVER); docs/plover.md has the table
to the published code book. Wordings of each root lie in ``lexicon/plover.yaml``; where several occur, weights that
``python -m services.classify.training plover FILE`` fits decide, by where the words stand to source and target.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from services.classify.clauses import Sentence, sentences
from services.classify.factuality import Reader
from services.classify.lexicon import Lexicon, shipped
from services.classify.moods import REAL, UNREAL, Mood
from services.classify.patterns import Match
from services.classify.weights import Weights, load
from shared.events import Plover
from shared.vocabulary import CODES, Factuality

FILE: Final = "plover.json"
_SOURCE: Final = "zsourcez"
_TARGET: Final = "ztargetz"
"""Stand-ins for the two in the text that is read: no words of any language."""
_ROOT: Final = "root="
_WORDING: Final = "wording="
_NEAR: Final = 8
_NEXT: Final = 3
_BEFORE: Final = 4
_ENDINGS: Final = ("ing", "ed", "es", "s", "e")
_STEM: Final = 3
_AHEAD: Final = frozenset({Mood.FUTURE, Mood.PLANNED, Mood.AGREED, Mood.OFFERED})

_HOSTILE: Final = frozenset({"SANCTION", "COERCE", "ASSAULT", "PROTEST", "MOBILIZE"})
_WORDS: Final = frozenset({"REJECT", "AGREE"})
"""Roots that stay what they are while their object lies ahead."""


def signal(code: str, factuality: Factuality) -> Plover | None:
    """The PLOVER code of a signal; ``None`` for a code that PLOVER has no root for.

    An event that lies ahead is agreed to or threatened, one that is denied is rejected or, where it is hostile, waived.
    """
    if code not in CODES:
        return None
    root, mode = CODES[code].plover, CODES[code].plover_mode
    if factuality in {Factuality.REACHED, Factuality.CLAIMED}:
        return Plover(root=root, mode=mode)
    hostile = root in _HOSTILE
    if factuality is Factuality.PROSPECTIVE:
        return Plover(root="THREATEN" if hostile else root if root in _WORDS else "AGREE")
    return Plover(root="AGREE" if hostile or root == "REJECT" else "REJECT")


def code(text: str, source: str, target: str) -> str:
    """The PLOVER root of what ``source`` does to ``target`` in an English text.

    Args:
        text: one or a few sentences.
        source: who acts, in the words of the text.
        target: on whom, in the words of the text.

    """
    return decide(features(text, source, target), _weights())


def decide(found: Sequence[str], weights: Mapping[str, Weights]) -> str:
    """The root that features speak for: by the weights, or by its wording if that is the only one and new to them."""
    named = [feature.removeprefix(_ROOT) for feature in found if feature.startswith(_ROOT) and "&" not in feature]
    wordings = [feature for feature in found if feature.startswith(_WORDING)]
    if len(named) == 1 and not any(wording in one.features for one in weights.values() for wording in wordings):
        return named[0]
    return max(weights, key=lambda root: weights[root].odds(found))


@cache
def _weights() -> dict[str, Weights]:
    return load(FILE)


def features(text: str, source: str, target: str) -> list[str]:
    """What is known about the event between source and target, each once."""
    lexicon = shipped()
    found: list[str] = []
    for sentence in sentences("text", _marked(text, source, target)):
        found += _near(sentence, lexicon)
        found += _worded(sentence, lexicon)
    return list(dict.fromkeys(found))


def _marked(text: str, source: str, target: str) -> str:
    """The text with stand-ins for source and target, which may overlap: then the first keeps its place."""
    spans = sorted((text.find(words), len(words), mark) for words, mark in ((source, _SOURCE), (target, _TARGET)))
    parts, at = [], 0
    for start, length, mark in spans:
        if start >= at and length:
            parts += [text[at:start], f" {mark} "]
            at = start + length
    return "".join((*parts, text[at:]))


def _near(sentence: Sentence, lexicon: Lexicon) -> Iterator[str]:
    """The words after the source, before the target, and between them, by their stems."""
    bases = _bases(lexicon)
    stems = [_stem(word, bases) for word in sentence.words if word.isalnum()]
    source = stems.index(_SOURCE) if _SOURCE in stems else 0
    target = stems.index(_TARGET) if _TARGET in stems else len(stems)
    yield from (f"after source={stem}" for stem in stems[source + 1 : source + 1 + _NEAR])
    yield from (f"right after source={stem}" for stem in stems[source + 1 : source + 1 + _NEXT])
    yield from (f"between={stem}" for stem in stems[min(source, target) + 1 : max(source, target)])
    yield from (f"before target={stem}" for stem in stems[max(0, target - _BEFORE) : target])


def _worded(sentence: Sentence, lexicon: Lexicon) -> Iterator[str]:
    """The roots whose wordings occur: where to source and target, how real, and which is nearest the source."""
    words = sentence.words
    source = words.index(_SOURCE) if _SOURCE in words else -1
    target = words.index(_TARGET) if _TARGET in words else -1
    reader = Reader(lexicon.grammar, sentence)
    matches = [(root, match) for root, match in lexicon.plover.find(sentence)]
    for root, match in matches:
        mood = reader.word(match.anchor).mood
        yield from (f"{_ROOT}{root}", f"{_ROOT}{root}&{_place(match, source, target)}")
        yield from (f"{_ROOT}{root}&{_reality(mood)}", f"{_WORDING}{match.pattern.source}")
    if source >= 0 and matches:
        yield from _nearest(matches, source)


def _nearest(matches: Sequence[tuple[str, Match]], source: int) -> Iterator[str]:
    after = [(match.anchor, root) for root, match in matches if match.anchor > source]
    if after:
        yield f"first={min(after)[1]}"
    nearest = min(matches, key=lambda one: abs(one[1].anchor - source))[0]
    yield f"nearest={nearest}"
    yield from (f"nearest={nearest}&{root}" for root in dict.fromkeys(root for root, _ in matches))


def _place(match: Match, source: int, target: int) -> str:
    if source < 0 and target < 0:
        return "alone"
    if min(source, target) < match.anchor < max(source, target):
        return "between"
    return "after" if match.anchor > max(source, target) else "before"


def _reality(mood: Mood) -> str:
    if mood in REAL or mood is Mood.BARE:
        return "real"
    if mood in UNREAL:
        return "denied"
    return "ahead" if mood in _AHEAD else "possible"


@cache
def _bases(lexicon: Lexicon) -> Mapping[str, str]:
    """The plain form of each form of the verbs that the lexicon knows."""
    verbs = lexicon.grammar.vocabulary.verbs.values()
    return {form: verb.base for verb in verbs for form in verb.forms("all")}


def _stem(word: str, bases: Mapping[str, str]) -> str:
    if word in bases:
        return bases[word]
    ending = next((end for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= _STEM), "")
    return word.removesuffix(ending) if word not in {_SOURCE, _TARGET} else word
