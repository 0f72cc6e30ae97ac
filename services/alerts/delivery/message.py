"""What a channel is given, and what it answers. Pure: the rules of ``delivery`` and every channel share it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What one try came to."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """The receiver's: it may work later."""
    GONE = "gone"
    """The receiver says that it wants nothing any more."""
    OWN_FAULT = "own_fault"
    """Ours (name service, broker): the receiver's budget of tries is not touched."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one try.

    Attributes:
        kind: what it came to.
        status_code: the HTTP status, where there was one.
        detail: a short text for people.
        retry_after: how many seconds the receiver asks us to wait.

    """

    kind: Kind
    status_code: int | None = None
    detail: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message on its way to one subscription; the same over all tries, so that receivers can deduplicate.

    Attributes:
        id: of this message for this subscription (``webhook-id``).
        sequence: counts the subscription's messages, so that a receiver sees gaps.
        type: of the data, e.g. ``parley.milestone.changed.v1``.
        timestamp: when it happened (not when it is sent).
        data: the event as JSON, e.g. of a ``MilestoneChanged``.
        process: what it is about; Kafka keys by it.
        test: marks drills and test sends.
        url: where to, for channels that need one; may itself be a secret, so it stays out of logs.
        secrets: ``whsec_…``, newest first; more than one while a secret is rotated.

    """

    id: str
    sequence: int
    type: str
    timestamp: datetime
    data: str
    process: str
    test: bool = False
    url: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
