"""The contracts: what the services say to one another, and to the world, over Kafka.

Each event is the data of one CloudEvent (``cloudevents.py``). Codes and issues are plain strings on the wire, so that
an old reader survives a new one; unknown fields are ignored for the same reason. Times are UTC.
"""

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shared.vocabulary import Direction, Factuality, Status, Tone

MAX_TEXT_BYTES = 256 * 1024
"""A text (title and body together, UTF-8) may be this long; intake refuses more (HTTP 413, per item)."""

STORABLE = r"^[^\x00]*$"
"""No U+0000 (PostgreSQL stores it neither as text nor in JSON); lone surrogates, which no UTF-8 has, fail it too."""


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time lies outside the years 1 to 9999 in UTC") from error


Text = Annotated[str, StringConstraints(pattern=STORABLE)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=STORABLE)]
Quote = Annotated[str, StringConstraints(max_length=300, pattern=STORABLE)]
Share = Annotated[float, Field(ge=0, le=1)]
Offset = Annotated[int, Field(ge=0, lt=2**31)]
Revision = Annotated[int, Field(ge=1, lt=2**31)]
"""Counts from 1; like every whole number here it fits a database's integer column."""
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A time with an offset, in any zone where it is read and in UTC from then on."""


class Contract(BaseModel):
    """What all parts of an event have in common: frozen, forward compatible."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings")


class Event(Contract):
    """The data of one CloudEvent.

    Class attributes:
        TYPE: the event's ``ce_type``, without version.
        VERSION: ``major.minor`` of its schema; a minor only adds what readers may ignore.
    """

    TYPE: ClassVar[str]
    VERSION: ClassVar[str]


class NewsPublished(Event):
    """One revision of one news text, as ingest normalised it.

    ``article_id`` is the hash of the canonical URL (without URL: of publisher, title and text), the same over all
    revisions. ``fingerprint`` is a 64-bit SimHash in hexadecimal: near-copies differ in few bits.
    """

    TYPE: ClassVar[str] = "parley.news.published"
    VERSION: ClassVar[str] = "1.0"

    article_id: Name
    revision: Revision
    url: Text | None = None
    publisher: Text | None = Field(default=None, description="Registrable domain of the text's own link, or a name.")
    source: Text | None = Field(default=None, description="The feed, file or client that the text came through.")
    published_at: Moment
    fetched_at: Moment
    title: Text
    text: Text
    language: Text | None = Field(default=None, description="ISO 639-1; null where it could not be told.")
    fingerprint: Text


class MeetingPublished(Event):
    """One revision of one scheduled meeting, from a calendar or a push client."""

    TYPE: ClassVar[str] = "parley.meeting.published"
    VERSION: ClassVar[str] = "1.0"

    meeting_id: Name
    revision: Revision
    change: Literal["scheduled", "rescheduled", "cancelled"]
    url: Text | None = None
    publisher: Text | None = None
    source: Text | None = None
    published_at: Moment
    fetched_at: Moment
    title: Text
    description: Text = ""
    participants: tuple[Text, ...] = ()
    location: Text | None = None
    starts_at: Moment
    ends_at: Moment | None = None
    previously_at: Moment | None = Field(default=None, description="Where it is rescheduled: the time before.")


class Evidence(Contract):
    """The words that a signal or a movement rests on.

    ``start`` and ``end`` count characters (Unicode code points) into ``field`` of the text as published, so that
    ``getattr(news, field)[start:end]`` is ``quote``; a meeting's evidence points into its calendar entry.
    """

    field: Literal["title", "text", "description"]
    start: Offset
    end: Offset
    quote: Text
    cue: Text = Field(description="The words that decided the factuality or direction; empty for a plain statement.")


class Plover(Contract):
    """The PLOVER code of a signal: event root and mode (openeventdata/PLOVER)."""

    root: Text
    mode: Text | None = None


class Signal(Contract):
    """One text's assertion of one code.

    ``confidence`` is the probability, as estimated on the development data, that code and factuality are right.
    ``says`` is the speaker where the text attributes the event to one.
    """

    code: Name
    factuality: Factuality
    confidence: Share
    actors: tuple[Text, ...] = ()
    object: Text | None = None
    says: Text | None = None
    plover: Plover | None = None
    evidence: Evidence


class Movement(Contract):
    """Where one negotiation issue moves, by one text."""

    issue: Name
    direction: Direction
    evidence: Evidence | None = None


class TextClassified(Event):
    """What one text says about one process; ``process`` is null for a text of the domain but of no known process."""

    TYPE: ClassVar[str] = "parley.text.classified"
    VERSION: ClassVar[str] = "1.0"

    kind: Literal["news", "meeting"]
    text_id: Name = Field(description="article_id or meeting_id")
    revision: Revision
    text_hash: Text = Field(description="SHA-256 of title, line feed, text: which words were read.")
    url: Text | None = None
    publisher: Text | None = None
    title: Text
    published_at: Moment
    occurred_at: Moment = Field(description="The text's own time: publication, at most the fetch time.")
    language: Text | None = None
    fingerprint: Text | None = None
    named_sources: tuple[Text, ...] = Field(
        default=(), description='Outlets and agencies that the text names as its source ("according to Axios").'
    )
    process: Text | None
    process_reason: Text | None = Field(default=None, description="The words by which the process was recognised.")
    supported: bool = Field(default=True, description="False: the language is not supported, nothing was read.")
    signals: tuple[Signal, ...] = ()
    movements: tuple[Movement, ...] = ()
    tone: Tone
    tone_score: Annotated[float, Field(ge=-1, le=1)]
    rules_version: Text
    catalogue_version: Text


class What(Contract):
    """What happened, as far as the texts name it."""

    actors: tuple[Text, ...] = ()
    object: Text | None = None


class Source(Contract):
    """One text behind a milestone."""

    publisher: Text | None
    origin: Text = Field(description="What the text counts as: copies and quotations of one origin count once.")
    url: Text | None
    title: Text
    quote: Quote
    published_at: Moment
    factuality: Factuality
    text_id: Name
    revision: Revision
    rules_version: Text


class MilestoneChanged(Event):
    """One revision of one milestone: the one body that webhooks, Kafka and live streams carry."""

    TYPE: ClassVar[str] = "parley.milestone.changed"
    VERSION: ClassVar[str] = "1.0"

    milestone_id: Name
    revision: Revision
    process: Name
    process_name: Text
    code: Name
    label: Text
    status: Status
    previous_status: Status | None = None
    reason: Text = Field(description="The named reason of this revision.")
    what: What
    first_seen: Moment
    last_seen: Moment
    changed_at: Moment = Field(description="The time of the text that caused this revision.")
    confidence: Share
    sources: tuple[Source, ...]
    late: bool = Field(default=False, description="Its texts were older than 48 h at intake.")
    test: bool = False


class NoticeRaised(Event):
    """Something about Parley itself that an operator or subscriber should know."""

    TYPE: ClassVar[str] = "parley.notice.raised"
    VERSION: ClassVar[str] = "1.0"

    notice_id: Name
    kind: Name = Field(description="source.silent, endpoint.failing, meeting.outcome_unknown, ...")
    service: Name
    subject: Text
    message: Text
    raised_at: Moment


EVENTS: tuple[type[Event], ...] = (NewsPublished, MeetingPublished, TextClassified, MilestoneChanged, NoticeRaised)
"""Every contract, in the order of the way."""
