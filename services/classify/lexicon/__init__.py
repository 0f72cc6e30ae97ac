"""The lexicon: rules and words as data, one YAML file per code, checked and compiled when a service starts.

``words.yaml`` holds the grammar (verbs, word classes, cues of factuality), ``codes/`` what names each milestone code,
``issues.yaml`` the issues and their directions, ``domain.yaml`` what is inside the domain, ``tone.yaml`` its weights,
``plover.yaml`` the event roots of the PLOVER code book; ``*.json`` fitted weights (``weights.py``).
The version is derived from the content of all of them and goes with each reading as ``rules_version``.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from services.classify.clauses import JOINED
from services.classify.lexicon.shapes import CodeFile, IssuesFile, RootsFile, WeightsFile, Words, WordsFile
from services.classify.moods import Mood
from services.classify.patterns import Index, Pattern, PatternError, Vocabulary, Word
from shared.vocabulary import CODES, ISSUES, Direction, Factuality
from shared.yaml_files import YamlFile, YamlFileError

SHIPPED: Final = Path(__file__).parent
_REVISION: Final = "1"
"""Counted up when the code that reads the lexicon changes what it makes of a text."""


class LexiconError(Exception):
    """The lexicon cannot be used; the message names the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Grammar:
    """What ``words.yaml`` says, compiled: word classes, verb forms, and the cues by mood."""

    vocabulary: Vocabulary
    classes: Mapping[str, frozenset[str]]
    verb_forms: Mapping[str, frozenset[str]]
    cues: Index[Mood]
    embedding: Index[Mood]
    heads: Index[Mood]


Kind = Literal["event", "encounter", "noun", "plan", "reached", "claimed", "prospective", "negated", "excluded"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What one code's file says beside its patterns.

    Attributes:
        code: the milestone code.
        issue: the issue that it moves.
        agreed: the status of an act that is agreed or decided on, but not said to have begun.
        bilateral: one side alone cannot make it so: its word makes a claim.
        ahead: the code that stands for this event while it lies ahead (talks).
        factive: a noun that is welcomed, condemned, or followed is a fact.

    """

    code: str
    issue: str
    agreed: Factuality
    bilateral: bool
    ahead: str | None
    factive: bool


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """All rules, compiled. Read only; made by :func:`load`."""

    version: str
    grammar: Grammar
    codes: Index[tuple[Rule, Kind]]
    mentions: Index[str]
    moves: Index[tuple[str, Direction]]
    domain: Index[int]
    tone: Index[int]
    plover: Index[str]
    triggers: frozenset[str]
    """Words without any of which a text cannot be inside the domain."""


@cache
def shipped() -> Lexicon:
    """The lexicon that ships, read once."""
    return load()


def load(folder: Path | None = None) -> Lexicon:
    """Read and check a lexicon.

    Args:
        folder: where its files lie; ``None`` is the one that ships.

    Raises:
        LexiconError: a file is missing or wrong.

    """
    try:
        return _load(folder or SHIPPED)
    except YamlFileError as error:
        raise LexiconError(str(error)) from error


def _load(folder: Path) -> Lexicon:
    digest = hashlib.sha256(_REVISION.encode())

    def read(name: str) -> YamlFile:
        file = YamlFile(folder / name)
        digest.update(name.encode() + b"\0" + file.content + b"\0")
        return file

    grammar, vocabulary = _grammar(read("words.yaml"))
    names = sorted(path.name for path in (folder / "codes").glob("*.yaml"))
    if not names:
        raise YamlFileError(f"{folder / 'codes'}: holds no file of a code")
    codes = [entry for name in names for entry in _code(read(f"codes/{name}"), vocabulary)]
    mentions, moves = _issues(read("issues.yaml"), vocabulary)
    domain, tone = (_weights(read(name), vocabulary) for name in ("domain.yaml", "tone.yaml"))
    plover = _roots(read("plover.yaml"), vocabulary)
    return Lexicon(
        f"{_REVISION}-{digest.hexdigest()[:12]}",
        Grammar(vocabulary, vocabulary.classes, vocabulary.forms(), *grammar),
        Index(codes),
        mentions,
        moves,
        domain,
        tone,
        plover,
        _triggers(domain),
    )


def _grammar(file: YamlFile) -> tuple[tuple[Index[Mood], Index[Mood], Index[Mood]], Vocabulary]:
    read = file.build(WordsFile, file.root)
    vocabulary = Vocabulary({}, read.irregular, frozenset(read.doubling))
    vocabulary = _with_classes(file, vocabulary, read.classes, "classes")

    def index(field: str, by_mood: Mapping[Mood, tuple[str, ...]]) -> Index[Mood]:
        return Index(
            (pattern, mood)
            for mood, sources in by_mood.items()
            for pattern in _compiled(file, vocabulary, (field, mood), sources)
        )

    return (index("cues", read.cues), index("embedding", read.embedding), index("heads", read.heads)), vocabulary


def _code(file: YamlFile, vocabulary: Vocabulary) -> Iterable[tuple[Pattern, tuple[Rule, Kind]]]:
    read = file.build(CodeFile, file.root)
    for field, name in (("code", read.code), ("ahead", read.ahead)):
        if name is not None and name not in CODES:
            raise file.wrong(file.at(file.root, (field,)), f"there is no code {name!r}")
    if read.issue not in ISSUES:
        raise file.wrong(file.at(file.root, ("issue",)), f"there is no issue {read.issue!r}")
    rule = Rule(read.code, read.issue, read.agreed, read.bilateral, read.ahead, read.factive)
    vocabulary = _with_classes(file, vocabulary, read.words, "words")
    fields: tuple[tuple[str, Kind, tuple[str, ...]], ...] = (
        ("events", "event", read.events),
        ("encounters", "encounter", read.encounters),
        ("nouns", "noun", read.nouns),
        ("plans", "plan", read.plans),
        ("reached", "reached", read.reached),
        ("claimed", "claimed", read.claimed),
        ("prospective", "prospective", read.prospective),
        ("negated", "negated", read.negated),
        ("excluded", "excluded", read.excluded),
    )
    for field, kind, sources in fields:
        for pattern in _compiled(file, vocabulary, (field,), sources):
            yield pattern, (rule, kind)


def _issues(file: YamlFile, vocabulary: Vocabulary) -> tuple[Index[str], Index[tuple[str, Direction]]]:
    read = file.build(IssuesFile, file.root)
    vocabulary = _with_classes(file, vocabulary, read.words, "words")
    for field, issues in (("mentions", read.mentions), ("moves", read.moves)):
        for name in issues:
            if name not in ISSUES:
                raise file.wrong(file.at(file.root, (field, name)), f"there is no issue {name!r}")
    mentions = Index(
        (pattern, issue)
        for issue, sources in read.mentions.items()
        for pattern in _compiled(file, vocabulary, ("mentions", issue), sources)
    )
    moves = Index(
        (pattern, (issue, direction))
        for issue, by_direction in read.moves.items()
        for direction, sources in by_direction.items()
        for pattern in _compiled(file, vocabulary, ("moves", issue, direction), sources)
    )
    return mentions, moves


def _weights(file: YamlFile, vocabulary: Vocabulary) -> Index[int]:
    read = file.build(WeightsFile, file.root)
    vocabulary = _with_classes(file, vocabulary, read.words, "words")
    return Index(
        (pattern, weight)
        for weight, sources in read.weights.items()
        for pattern in _compiled(file, vocabulary, ("weights", str(weight)), sources)
    )


def _roots(file: YamlFile, vocabulary: Vocabulary) -> Index[str]:
    read = file.build(RootsFile, file.root)
    vocabulary = _with_classes(file, vocabulary, read.words, "words")
    return Index(
        (pattern, root)
        for root, sources in read.roots.items()
        for pattern in _compiled(file, vocabulary, ("roots", root), sources)
    )


def _triggers(domain: Index[int]) -> frozenset[str]:
    """One word of each pattern that speaks for the domain: without any of them, nothing does."""
    words: set[str] = set()
    for pattern, weight in domain.entries:
        if weight > 0:
            needed = [element.words for element in pattern.elements if not element.excluded]
            words |= min(needed, key=lambda one: ("of" in one, len(one)))  # every text has "of"
    # `cease-fire` is looked up as `ceasefire`, but its first half is what a quick look finds.
    return frozenset(words | {prefix for prefix in JOINED if any(word.startswith(prefix) for word in words)})


def _with_classes(file: YamlFile, vocabulary: Vocabulary, classes: Words, field: str) -> Vocabulary:
    """The vocabulary with a file's own classes, of which each may use those before it."""
    for name, terms in classes.items():
        words: set[Word] = set()
        for number, term in enumerate(terms):
            try:
                words |= vocabulary.words(term)
            except PatternError as error:
                raise file.wrong(file.at(file.root, (field, name, number)), str(error)) from error
        vocabulary = vocabulary.within({name: frozenset(words)})
    return vocabulary


def _compiled(
    file: YamlFile, vocabulary: Vocabulary, where: tuple[str, ...], sources: tuple[str, ...]
) -> Iterable[Pattern]:
    for number, source in enumerate(sources):
        try:
            yield vocabulary.compile(source)
        except PatternError as error:
            raise file.wrong(file.at(file.root, (*where, number)), str(error)) from error
