"""``GET /v1/deliveries``: what was owed to whom, and what became of each try."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from services.alerts.api.common import Cursor, Limit, Reading, cursor_of, problems, read_cursor
from services.alerts.store import deliveries as store
from services.alerts.store.deliveries import State
from shared.events import STORABLE
from shared.http import requires

router = APIRouter(prefix="/v1/deliveries", tags=["deliveries"], dependencies=[requires("read")])


class AttemptOut(BaseModel):
    """One try."""

    started_at: AwareDatetime
    finished_at: AwareDatetime | None = Field(description="Null: in flight, or the sender was killed.")
    outcome: str | None = Field(description="delivered, failed, gone, or own_fault.", examples=["failed"])
    reason: str | None = Field(description="What followed from it, and why.", examples=["backoff"])
    status_code: int | None = Field(examples=[503])
    detail: str | None = Field(examples=["answered 503: try again later"])


class DeliveryOut(BaseModel):
    """One message owed to one subscription."""

    id: str = Field(description="The receiver sees it as `webhook-id`; the same over all tries.")
    subscription_id: str
    message_id: str
    type: str = Field(examples=["parley.milestone.changed.v1"])
    subject: str = Field(description="The milestone, or the subscription that a test is for.")
    sequence: int = Field(description="Counts the subscription's messages, without gaps.")
    state: State
    reason: str = Field(description="Why it is owed; of a cancelled one, why it is not any more.", examples=["matches"])
    attempts_made: int = Field(description="Tries that count against the receiver's budget of ten.")
    due_at: AwareDatetime | None = Field(description="When it is tried (again); null where it has ended or is held.")
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    attempts: list[AttemptOut]


class Deliveries(BaseModel):
    """One page, the latest first."""

    items: list[DeliveryOut]
    next: str | None = Field(description="Give it as `cursor` for the next page; null on the last.")


@router.get("", responses=problems(422))
async def list_deliveries(
    connection: Reading,
    subscription: Annotated[str | None, Query(pattern=STORABLE, description="Only of this subscription.")] = None,
    state: Annotated[State | None, Query(description="Only in this state.")] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Deliveries:
    """Deliveries with all their attempts, the latest first."""
    rows = await store.listing(
        connection, subscription_id=subscription, state=state, before=read_cursor(cursor), limit=limit + 1
    )
    page = rows[:limit]
    attempts = await store.attempts_of(connection, [row.id for row in page])
    items = [
        DeliveryOut(
            **{**row._mapping, "due_at": row.due_at if row.state == State.PENDING else None},  # noqa: SLF001 - SQLAlchemy's public name
            attempts=[AttemptOut.model_validate(one, from_attributes=True) for one in attempts[row.id]],
        )
        for row in page
    ]
    following = cursor_of(page[-1].created_at, page[-1].id) if len(rows) > limit else None
    return Deliveries(items=items, next=following)
