"""The shapes of the lexicon's files."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from services.classify.moods import Mood
from shared.vocabulary import Direction, Factuality

Words = Mapping[str, tuple[str, ...]]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WordsFile(_Part):
    """``words.yaml``: the grammar."""

    irregular: dict[str, tuple[str, str]]
    doubling: tuple[str, ...]
    classes: Words
    cues: dict[Mood, tuple[str, ...]]
    embedding: dict[Mood, tuple[str, ...]]
    heads: dict[Mood, tuple[str, ...]]


class CodeFile(_Part):
    """``codes/*.yaml``: one code; its fields are those of ``Rule`` and one list of patterns per kind."""

    code: str
    issue: str
    agreed: Factuality = Factuality.PROSPECTIVE
    bilateral: bool = False
    ahead: str | None = None
    factive: bool = True
    words: Words = {}
    events: tuple[str, ...] = ()
    encounters: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    claimed: tuple[str, ...] = ()
    prospective: tuple[str, ...] = ()
    negated: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


class IssuesFile(_Part):
    """``issues.yaml``: what shows an issue, and which way it moves."""

    words: Words = {}
    mentions: dict[str, tuple[str, ...]]
    moves: dict[str, dict[Direction, tuple[str, ...]]] = {}


class WeightsFile(_Part):
    """``domain.yaml`` and ``tone.yaml``: patterns by weight."""

    words: Words = {}
    weights: dict[int, tuple[str, ...]]


class RootsFile(_Part):
    """``plover.yaml``: the wordings of each PLOVER root."""

    words: Words = {}
    roots: dict[str, tuple[str, ...]]
