"""Wants it? Whether one subscription is told of one revision of a milestone, with the reason. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from services.alerts.publishers import canonical
from shared.events import MilestoneChanged
from shared.vocabulary import Factuality, Status

_OVER: Final = frozenset({Status.RETRACTED, Status.REVERSED})


class Reason(StrEnum):
    """Why a subscription is told, or is not; kept for ``explain``."""

    MATCHES = "matches"
    CORRECTION = "correction"
    TEST_NOT_ASKED_FOR = "test_not_asked_for"
    LATE_NOT_ASKED_FOR = "late_not_asked_for"
    OTHER_PROCESS = "other_process"
    OTHER_CODE = "other_code"
    OTHER_STATUS = "other_status"
    LOW_CONFIDENCE = "low_confidence"
    OTHER_PUBLISHERS = "other_publishers"


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a subscription asks for; an empty set asks for all.

    Attributes:
        processes: of these processes.
        codes: of these codes.
        statuses: when a milestone reaches one of these.
        min_confidence: of at least this confidence (0 to 1).
        publishers: only where one of these says so itself.
        include_late: also what is told by texts that were old at intake.
        include_test: also drills and heartbeats.

    """

    processes: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    statuses: frozenset[Status] = frozenset()
    min_confidence: float = 0.0
    publishers: frozenset[str] = frozenset()
    include_late: bool = False
    include_test: bool = False


class Match(NamedTuple):
    """Whether, and why."""

    wanted: bool
    reason: Reason


def wants(criteria: Criteria, milestone: MilestoneChanged, *, told_before: bool) -> Match:
    """Decide whether a subscription is told of this revision.

    Args:
        criteria: what it asks for now.
        milestone: the revision.
        told_before: whether it was told of an earlier revision. Whoever believes us hears that we were wrong, whatever
            the criteria say by now: a correction is never filtered.

    """
    if told_before and is_correction(milestone):
        return Match(wanted=True, reason=Reason.CORRECTION)
    objection = _objection(criteria, milestone)
    return Match(wanted=objection is None, reason=objection or Reason.MATCHES)


def is_correction(milestone: MilestoneChanged) -> bool:
    """Whether this revision takes back something said before: it is retracted, reversed, or no longer confirmed."""
    if milestone.status is milestone.previous_status:
        return False  # that was said by an earlier revision
    return milestone.status in _OVER or milestone.previous_status is Status.CONFIRMED


def _objection(criteria: Criteria, milestone: MilestoneChanged) -> Reason | None:
    passes = (
        (criteria.include_test or not milestone.test, Reason.TEST_NOT_ASKED_FOR),
        (criteria.include_late or not milestone.late, Reason.LATE_NOT_ASKED_FOR),
        (not criteria.processes or milestone.process in criteria.processes, Reason.OTHER_PROCESS),
        (not criteria.codes or milestone.code in criteria.codes, Reason.OTHER_CODE),
        (not criteria.statuses or milestone.status in criteria.statuses, Reason.OTHER_STATUS),
        (milestone.confidence >= criteria.min_confidence, Reason.LOW_CONFIDENCE),
        (not criteria.publishers or _said_by(criteria.publishers, milestone), Reason.OTHER_PUBLISHERS),
    )
    return next((reason for passed, reason in passes if not passed), None)


def _said_by(publishers: frozenset[str], milestone: MilestoneChanged) -> bool:
    """Whether one of them carries it: a publisher that only denies a milestone does not report it."""
    names = {canonical(name) for name in publishers}
    return any(
        source.publisher is not None
        and canonical(source.publisher) in names
        and (source.factuality is Factuality.REACHED or milestone.status in _OVER)
        for source in milestone.sources
    )
