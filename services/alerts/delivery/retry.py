"""When again? One rule for all channels: what a status means, and what follows from it. Pure.

The delays are those that Standard Webhooks recommends (spec, "Retry schedule"), about 75.6 hours in all.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from services.alerts.delivery.message import Kind, Outcome

DELAYS: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Before each try, after the previous one; so there are ten tries, and the first is made at once."""

JITTER: Final = 0.2
MAX_RETRY_AFTER: Final = timedelta(hours=24)
OWN_FAULT_DELAY: Final = timedelta(seconds=10)
_MAY_ASK_FOR_TIME: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Verdict(StrEnum):
    """What becomes of a delivery after a try."""

    DELIVERED = "delivered"
    RETRY = "retry"
    EXHAUSTED = "exhausted"
    DISABLE = "disable"
    """The subscription itself ends: its receiver is gone."""


class Reason(StrEnum):
    """Why; kept with the attempt for ``explain``."""

    RECEIVED = "received"
    BACKOFF = "backoff"
    RETRY_AFTER = "retry_after"
    OWN_FAULT = "own_fault"
    NO_TRIES_LEFT = "no_tries_left"
    RECEIVER_GONE = "receiver_gone"


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from a try.

    Attributes:
        verdict: what becomes of the delivery.
        reason: why.
        attempts_made: tries that count against the budget, this one included where it does; to be stored.
        at: when to try again; only with ``Verdict.RETRY``.

    """

    verdict: Verdict
    reason: Reason
    attempts_made: int
    at: datetime | None = None


def outcome_of(status: int, retry_after: str | None, detail: str, now: datetime) -> Outcome:
    """What an HTTP status means: only 2xx is success, 410 is the end, all else (redirects too) is a failed try.

    Args:
        status: of the receiver's answer.
        retry_after: its ``Retry-After`` header; heeded with 429 and 503.
        detail: a short text for people.
        now: the time, against which a ``Retry-After`` date is read.

    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome(Kind.DELIVERED, status, detail)
    if status == HTTPStatus.GONE:
        return Outcome(Kind.GONE, status, detail)
    wait = _seconds(retry_after, now) if retry_after and status in _MAY_ASK_FOR_TIME else None
    return Outcome(Kind.FAILED, status, detail, wait)


def next_try(attempts_made: int, outcome: Outcome, now: datetime, jitter: float) -> Decision:
    """Decide what follows from a try.

    Args:
        attempts_made: tries before this one that count against the budget.
        outcome: what this try came to.
        now: when it ended.
        jitter: where in the ±20 % the delay shall lie, from -1 to 1; drawn by the caller.

    Raises:
        ValueError: ``jitter`` or ``attempts_made`` lies outside its range.

    """
    if not -1 <= jitter <= 1:
        raise ValueError(f"jitter is {jitter}, expected a number from -1 to 1")
    if attempts_made < 0:
        raise ValueError(f"attempts_made is {attempts_made}, expected 0 or more")
    spread = 1 + JITTER * jitter
    if outcome.kind is Kind.OWN_FAULT:
        return Decision(Verdict.RETRY, Reason.OWN_FAULT, attempts_made, now + OWN_FAULT_DELAY * spread)
    made = attempts_made + 1
    if outcome.kind is Kind.DELIVERED:
        return Decision(Verdict.DELIVERED, Reason.RECEIVED, made)
    if outcome.kind is Kind.GONE:
        return Decision(Verdict.DISABLE, Reason.RECEIVER_GONE, made)
    if made >= len(DELAYS):
        return Decision(Verdict.EXHAUSTED, Reason.NO_TRIES_LEFT, made)
    delay = DELAYS[made] * spread
    asked = min(timedelta(seconds=outcome.retry_after or 0), MAX_RETRY_AFTER)
    if asked > delay:
        return Decision(Verdict.RETRY, Reason.RETRY_AFTER, made, now + asked)
    return Decision(Verdict.RETRY, Reason.BACKOFF, made, now + delay)


def _seconds(header: str, now: datetime) -> float | None:
    """Read ``Retry-After`` (RFC 9110, section 10.2.3): seconds or an HTTP date, at most a day; nonsense is ignored."""
    most = MAX_RETRY_AFTER.total_seconds()
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), most)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)  # RFC 5322's "-0000": UTC, of an unknown zone
    return min(max((moment - now).total_seconds(), 0.0), most)
