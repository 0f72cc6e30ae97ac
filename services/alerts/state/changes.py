"""What a new fold means for what was told before: which milestones are new, which changed, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.alerts.state.evidence import Assertion
from services.alerts.state.milestones import Milestone, Reason
from shared.vocabulary import Factuality, Status


@dataclass(frozen=True, slots=True)
class Standing:
    """A milestone as it was last saved."""

    id: str
    code: str
    status: Status
    revision: int
    opened_by: str
    texts: frozenset[str]
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one milestone.

    Attributes:
        before: as it stood; ``None`` for a new one.
        after: as it is now; ``None`` where no text supports it any more.
        status: its status now.
        reason: why.

    """

    before: Standing | None
    after: Milestone | None
    status: Status
    reason: Reason

    @property
    def is_revision(self) -> bool:
        """Whether people are to be told: it is new, or its status changed."""
        return self.before is None or self.before.status is not self.status


def changes(before: Sequence[Standing], after: Sequence[Milestone]) -> list[Change]:
    """Match what the fold yields with what was saved.

    A milestone is found again by the text that opened it, else by any text that it rests on. One that was saved and is
    found no more was withdrawn (its text was edited) or turned out to be the same event as another. An event that is
    denied at once was never told, and is not told now.
    """
    found: list[Change] = []
    left = sorted(before, key=lambda standing: (standing.first_seen, standing.id))
    for milestone in after:
        home = _home(left, milestone)
        if home is not None:
            left.remove(home)
        elif milestone.status is Status.RETRACTED:
            continue
        found.append(Change(home, milestone, milestone.status, milestone.reason))
    taken = {text for milestone in after for text in milestone.texts}
    for standing in left:
        if standing.status is not Status.RETRACTED:
            reason = Reason.MERGED if standing.opened_by in taken else Reason.WITHDRAWN
            found.append(Change(standing, None, Status.RETRACTED, reason))
    return found


def _home(left: Sequence[Standing], milestone: Milestone) -> Standing | None:
    for standing in left:
        if standing.opened_by in milestone.texts:
            return standing
    for standing in left:
        if standing.texts & milestone.texts:
            return standing
    return None


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one signal, kept with its reading."""

    code: str
    factuality: str
    decision: str
    reason: Reason
    milestone_id: str | None = None


def decide(signal: Assertion, found: Sequence[tuple[str, Change]]) -> Decision:
    """Say what one new signal did, given the changes of its process and code with their milestones' ids."""

    def answer(decision: str, reason: Reason, milestone_id: str | None = None) -> Decision:
        return Decision(signal.code, signal.factuality, decision, reason, milestone_id)

    if signal.factuality is Factuality.CLAIMED:
        return answer("noted", Reason.CLAIM_ONLY)
    if signal.factuality is Factuality.PROSPECTIVE:
        return answer("noted", Reason.LIES_AHEAD)
    negated = signal.factuality is Factuality.NEGATED
    for milestone_id, change in found:
        if change.after is None:
            continue
        if signal.text_id in (change.after.denied_by if negated else change.after.texts):
            if change.before is None:
                return answer("opened", change.reason, milestone_id)
            if change.is_revision:
                return answer("revised", change.reason, milestone_id)
            return answer("joined", Reason.DENIED if negated else Reason.KNOWN, milestone_id)
    return answer("noted", Reason.NOTHING_TO_DENY if negated else Reason.DENIED)
