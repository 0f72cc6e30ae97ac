"""Shorthands of these tests: one line in, what was read out."""

from datetime import date

from services.classify import lexicon, pipeline
from services.classify.pipeline import Reading
from shared import catalogue

CATALOGUE = catalogue.load()
LEXICON = lexicon.shipped()


def read(title: str = "", text: str = "", published: date | None = None) -> Reading | None:
    return pipeline.read(title, text, CATALOGUE, LEXICON, published)


def statuses(title: str = "", text: str = "", published: date | None = None) -> dict[str, str]:
    """Per code the strongest factuality; empty outside the domain."""
    reading = read(title, text, published)
    return {code: str(one.factuality) for code, one in pipeline.strongest(reading.found).items()} if reading else {}


def movements(title: str = "", text: str = "") -> dict[str, str]:
    reading = read(title, text)
    return {moved.issue: str(moved.direction) for moved in reading.moved} if reading else {}


def tone(title: str = "", text: str = "") -> str:
    reading = read(title, text)
    return str(reading.tone) if reading else "neutral"
