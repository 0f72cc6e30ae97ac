"""Who acts, on whom, and who says so: as far as the words around an event name them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.classify.clauses import Sentence
from services.classify.lexicon import Grammar
from services.classify.processes import Mention

_SPEAKER_WORDS: Final = 7
_FARTHEST: Final = 14
"""Words that a speaker after the statement may have before the verb of saying."""
_ONTO: Final = frozenset({"on", "against", "over", "for", "with", "to", "from"})

_OUTLET: Final = r"(?:[Tt]he\s)?[A-Z][\w&.'-]{1,30}(?:\s[A-Z][\w&.'-]{1,30}){0,3}"
_NAMED: Final = (
    re.compile(rf"(?:[Aa]ccording to|[Rr]eported by|told|first reported by)\s({_OUTLET})"),
    re.compile(rf"({_OUTLET})\s(?:reported|reports|has learned|has learnt)\b"),
    re.compile(r"\((Reuters|AP|AFP|Xinhua|TASS|Tass|MNA|Tasnim|ANI|PTI|dpa|Interfax)\)"),
)


@dataclass(frozen=True, slots=True)
class Speech:
    """Who says a statement.

    Attributes:
        says: the speaker's words.
        first: the token at which the speaker begins.
        parties: the party names among them.
        named: whether any name of the catalogue is among them.
        side: whether they call themselves one side ("the rebels", "the ministry").
        reports: whether it is hearsay ("reports", "a source").

    """

    says: str
    first: int
    parties: frozenset[str]
    named: bool
    side: bool
    reports: bool


def speech(sentence: Sentence, mentions: Sequence[Mention], grammar: Grammar, anchor: int) -> Speech | None:
    """The speaker whom a sentence gives for the event at ``anchor``: before it ("X says ...") or after (", X said")."""
    words, say = sentence.words, grammar.classes["say"]
    if words[1:2] == [":"] and words[0] in grammar.classes["hearsay"]:  # "Report: Hamas agrees to truce"
        return _speech(sentence, mentions, grammar, 0, 1)
    for index in range(anchor - 1, -1, -1):
        if words[index] in say and index > 0 and words[index - 1] != "to":
            return _speech(sentence, mentions, grammar, max(0, index - _SPEAKER_WORDS), index)
    comma = -1
    for index in range(anchor + 1, len(words)):
        word = words[index]
        if word in {",", "—", "-", ":"}:
            comma = index
        elif word == "according" and words[index + 1 : index + 2] == ["to"]:
            return _speech(sentence, mentions, grammar, index + 2, min(len(words), index + 2 + _SPEAKER_WORDS))
        elif (
            word in say
            and words[index - 1] not in grammar.classes["determiner"]
            and 0 <= index - comma <= _FARTHEST
            and comma > anchor
        ):
            end = index if index - comma > 1 else min(len(words), index + 1 + _SPEAKER_WORDS)
            return _speech(sentence, mentions, grammar, comma + 1, end)
    if sentence.headline and comma > anchor and 0 < len(words) - comma - 1 <= _SPEAKER_WORDS and words[comma] != ",":
        return _speech(sentence, mentions, grammar, comma + 1, len(words))
    return None


def _speech(sentence: Sentence, mentions: Sequence[Mention], grammar: Grammar, first: int, end: int) -> Speech | None:
    if first < end and sentence.words[end - 1] == ",":  # "The UN condemned the raid, saying it ..."
        first, end = max(0, end - 1 - _SPEAKER_WORDS), end - 1
    for index in range(end - 1, first - 1, -1):
        if sentence.words[index] in {",", "but", "while", "—", ";", ":"}:
            first = index + 1
            break
    if first >= end:
        return None
    spoken = sentence.words[first:end]
    named = [mention for mention in mentions if first <= mention.first < end]
    return Speech(
        says=sentence.quote(first, end - 1),
        first=first,
        parties=parties(named),
        named=bool(named),
        side=not grammar.classes["side"].isdisjoint(spoken),
        reports=not grammar.classes["hearsay"].isdisjoint(spoken),
    )


def parties(mentions: Iterable[Mention]) -> frozenset[str]:
    """The party names that mentions stand for, in whatever process."""
    return frozenset(name.party for mention in mentions for name in mention.names if name.party)


def participants(
    sentence: Sentence, mentions: Sequence[Mention], anchor: int, process: str | None
) -> tuple[tuple[str, ...], str | None]:
    """Actors and object of the event at ``anchor``: the names before it in its clause; the one after "on", "against".

    A party is named as the catalogue names it, anything else as the text does.
    """
    first, end = sentence.clause_of(anchor)
    actors: list[str] = []
    target: str | None = None
    for mention in mentions:
        label = _label(mention, process)
        if first <= mention.last < anchor:
            if label not in actors:
                actors.append(label)
        elif anchor < mention.first < end:
            before = sentence.words[mention.first - 1]
            if before == "by" or (before == "and" and not target and not actors):
                actors.append(label)
            elif target is None and _ONTO.intersection(sentence.words[max(anchor, mention.first - 4) : mention.first]):
                target = label
    return tuple(actors[:4]), target


def _label(mention: Mention, process: str | None) -> str:
    for name in mention.names:
        if name.party and name.process == process:
            return name.party
    return next((name.party for name in mention.names if name.party), mention.text)


def named_sources(text: str, grammar: Grammar) -> tuple[str, ...]:
    """Outlets and agencies that a text names as its source."""
    found: list[str] = []
    for pattern in _NAMED:
        for match in pattern.finditer(text, 0, 4000):
            name = match.group(1).removeprefix("the ").removeprefix("The ").rstrip(".'")
            name = name.removesuffix("'s").removesuffix("\u2019s")
            if not grammar.classes["outlet"].isdisjoint(name.lower().split()) and name not in found:
                found.append(name)
    return tuple(found[:5])
