"""What the fold knows of one signal and of the text that it stands in."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from shared.cloudevents import CloudEvent
from shared.events import Source, TextClassified
from shared.vocabulary import Factuality

MAX_QUOTE = 300


@dataclass(frozen=True, slots=True)
class Assertion:
    """One signal with its text's own time and origin; the unit that milestones are folded from.

    Attributes:
        event_id: the event of the text's reading; with ``ordinal`` it names the signal.
        text_id: the text over all its revisions; the latest revision speaks for it.
        publisher: the registrable domain of the text's own link, canonical (see ``corroboration``), or ``None``.
        named_sources: outlets or agencies that the text names as its source.
        fingerprint: 64-bit SimHash in hexadecimal, or ``None``.

    """

    event_id: str
    ordinal: int
    text_id: str
    revision: int
    occurred_at: datetime
    published_at: datetime
    code: str
    factuality: Factuality
    confidence: float
    actors: tuple[str, ...]
    object: str | None
    publisher: str | None
    named_sources: tuple[str, ...]
    fingerprint: str | None
    url: str | None
    title: str
    quote: str
    rules_version: str

    @property
    def order(self) -> tuple[datetime, str, int]:
        """Sorts signals by their texts' own time; ties by name, so that arrival never matters."""
        return (self.occurred_at, self.event_id, self.ordinal)

    def to_row(self) -> dict[str, Any]:
        """The form in which the database keeps it."""
        row = asdict(self)
        for moment in ("occurred_at", "published_at"):
            row[moment] = row[moment].isoformat()
        return row

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """Read the form in which the database keeps it."""
        return cls(
            **{
                **row,
                "factuality": Factuality(row["factuality"]),
                "actors": tuple(row["actors"]),
                "named_sources": tuple(row["named_sources"]),
                "occurred_at": datetime.fromisoformat(row["occurred_at"]),
                "published_at": datetime.fromisoformat(row["published_at"]),
            }
        )

    def as_source(self, origin: str) -> Source:
        """What a milestone shows of it."""
        return Source(
            publisher=self.publisher,
            origin=origin,
            url=self.url,
            title=self.title,
            quote=self.quote,
            published_at=self.published_at,
            factuality=self.factuality,
            text_id=self.text_id,
            revision=self.revision,
            rules_version=self.rules_version,
        )


def assertions(event: CloudEvent[TextClassified]) -> tuple[Assertion, ...]:
    """The signals of one reading."""
    text = event.data
    return tuple(
        Assertion(
            event_id=event.id,
            ordinal=ordinal,
            text_id=text.text_id,
            revision=text.revision,
            occurred_at=text.occurred_at,
            published_at=text.published_at,
            code=signal.code,
            factuality=signal.factuality,
            confidence=signal.confidence,
            actors=signal.actors,
            object=signal.object,
            publisher=text.publisher,
            named_sources=text.named_sources,
            fingerprint=text.fingerprint,
            url=text.url,
            title=text.title,
            quote=shortened(signal.evidence.quote),
            rules_version=text.rules_version,
        )
        for ordinal, signal in enumerate(text.signals)
    )


def shortened(quote: str) -> str:
    """At most 300 characters, cut at a word."""
    if len(quote) <= MAX_QUOTE:
        return quote
    return quote[: MAX_QUOTE - 1].rsplit(" ", 1)[0][: MAX_QUOTE - 1] + "…"
