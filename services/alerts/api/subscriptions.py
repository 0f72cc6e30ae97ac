"""``/v1/subscriptions``: who wants to be told of what."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Row

from services.alerts.api.common import Cursor, Limit, Reading, invalid, outages_are_problems, problems
from services.alerts.delivery import subscriptions
from services.alerts.delivery.matching import Criteria
from services.alerts.delivery.subscriptions import (
    BuiltInError,
    InvalidSubscriptionError,
    UnknownSubscriptionError,
    Wish,
)
from services.alerts.store import subscriptions as store
from services.alerts.store.subscriptions import State
from shared.events import STORABLE, Name, Share
from shared.http import Problem, requires
from shared.vocabulary import Status

router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"], dependencies=[requires("subscribe")])

Names = Annotated[list[Name], Field(max_length=200)]

_EXAMPLE: Final[dict[str, Any]] = {
    "url": "https://hooks.example.org/parley",
    "name": "situation room",
    "processes": ["ukraine"],
    "codes": ["ceasefire_agreed", "sanctions_eased"],
    "statuses": ["reported", "confirmed"],
    "min_confidence": 0.7,
}


class CriteriaFields(BaseModel):
    """What is wanted; an empty list stands for all."""

    processes: Names = Field(default=[], description="Of these processes; see `GET /v1/processes`.")
    codes: Names = Field(default=[], description="Of these codes.")
    statuses: list[Status] = Field(default=[], description="When one of these statuses is reached.")
    min_confidence: Share = Field(default=0.0, description="Of at least this confidence, from 0 to 1.")
    publishers: Names = Field(default=[], description="Only where one of these publishers (domains) says so.")
    include_late: bool = Field(default=False, description="Also what is told by texts older than 48 h.")
    include_test: bool = Field(default=False, description="Also drills and heartbeats.")


class SubscriptionIn(CriteriaFields):
    """A webhook subscription, as it is asked for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=STORABLE)] = Field(
        description="Where webhooks are POSTed to: http or https, to a public address."
    )
    name: Name | None = Field(default=None, description="For people; the URL's host unless given.")
    secret: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        default=None, description="`whsec_` and 24 to 64 bytes in base64; a new one is made unless given."
    )

    def wish(self) -> Wish:
        """What the use case takes."""
        criteria = Criteria(
            processes=frozenset(self.processes),
            codes=frozenset(self.codes),
            statuses=frozenset(self.statuses),
            min_confidence=self.min_confidence,
            publishers=frozenset(self.publishers),
            include_late=self.include_late,
            include_test=self.include_test,
        )
        return Wish(url=self.url, criteria=criteria, name=self.name, secret=self.secret)


class SubscriptionOut(CriteriaFields):
    """A subscription; its secret is shown once only, when it is created."""

    id: str
    name: str
    channel: str = Field(description="webhook, or kafka (built in).")
    url: str | None = Field(description="Null where the channel has none.")
    state: State = Field(
        description="unverified: its endpoint has answered no test yet, what it is owed is held; active; disabled."
    )
    state_reason: str | None
    sequence: int = Field(description="How many messages it was owed so far.")
    created_at: AwareDatetime
    updated_at: AwareDatetime


class SubscriptionCreated(SubscriptionOut):
    """The same, with the secret."""

    secret: str = Field(description="Verify webhooks with it (Standard Webhooks). It is not shown again.")


class Subscriptions(BaseModel):
    """One page, in the order of ids."""

    items: list[SubscriptionOut]
    next: str | None = Field(description="Give it as `cursor` for the next page; null on the last.")


class TestQueued(BaseModel):
    """A test message on its way."""

    delivery_id: str = Field(description="Look for it among the deliveries; the endpoint sees it as `webhook-id`.")


@router.post("", status_code=HTTPStatus.CREATED, responses=problems(422))
async def create_subscription(request: Request, response: Response, wanted: SubscriptionIn) -> SubscriptionCreated:
    """Subscribe an endpoint.

    It gets a test message at once. When it has answered one with any 2xx status the subscription is active, and what
    came in between is sent.
    """
    state = request.app.state
    with _problems():
        row, secret = await subscriptions.create(
            state.engine,
            state.catalogue,
            state.entropy,
            wanted.wish(),
            state.clock(),
            allow_loopback=state.allow_loopback,
        )
    state.wakeup.set()
    response.headers["Location"] = f"{router.prefix}/{row.id}"
    return SubscriptionCreated(**_fields(row), secret=secret)


@router.get("", responses=problems(422))
async def list_subscriptions(connection: Reading, cursor: Cursor = None, limit: Limit = 100) -> Subscriptions:
    """All subscriptions, the built-in one too."""
    rows = await store.listing(connection, after=cursor or "", limit=limit + 1)
    page = rows[:limit]
    following = page[-1].id if len(rows) > limit else None
    return Subscriptions(items=[SubscriptionOut(**_fields(row)) for row in page], next=following)


@router.get("/{subscription_id}", responses=problems(404))
async def get_subscription(subscription_id: str, connection: Reading) -> SubscriptionOut:
    """One subscription."""
    row = await store.get(connection, _stored(subscription_id))
    if row is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"there is no subscription {subscription_id!r}")
    return SubscriptionOut(**_fields(row))


@router.delete("/{subscription_id}", status_code=HTTPStatus.NO_CONTENT, responses=problems(404, 409))
async def delete_subscription(request: Request, subscription_id: str) -> None:
    """Forget a subscription, its secret and its history; what it is still owed is not sent."""
    state = request.app.state
    with _problems():
        await subscriptions.remove(state.engine, _stored(subscription_id), state.clock())


@router.post("/{subscription_id}/test", status_code=HTTPStatus.ACCEPTED, responses=problems(404, 409))
async def test_subscription(request: Request, subscription_id: str) -> TestQueued:
    """Send another test message; a disabled subscription comes back when its endpoint answers it."""
    state = request.app.state
    with _problems():
        delivery_id = await subscriptions.send_test(
            state.engine, state.entropy, _stored(subscription_id), state.clock()
        )
    state.wakeup.set()
    return TestQueued(delivery_id=delivery_id)


@contextmanager
def _problems() -> Iterator[None]:
    try:
        with outages_are_problems():
            yield
    except InvalidSubscriptionError as error:
        raise invalid(*error.errors) from error
    except UnknownSubscriptionError as error:
        raise Problem(HTTPStatus.NOT_FOUND, str(error)) from error
    except BuiltInError as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from error


def _stored(subscription_id: str) -> str:
    """An id as the database can take it: PostgreSQL knows no U+0000."""
    return subscription_id.replace("\x00", "�")


def _fields(row: Row[Any]) -> dict[str, Any]:
    criteria = store.criteria_row(store.criteria_of(row.criteria))
    own = ("id", "name", "channel", "state", "state_reason", "sequence", "created_at", "updated_at")
    return {
        **{name: getattr(row, name) for name in own},
        **criteria,
        "url": row.target.get("url"),
    }
