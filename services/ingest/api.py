"""The HTTP door: ``POST /v1/news`` and ``POST /v1/meetings``, one item or many."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json
from sqlalchemy.exc import ProgrammingError

from services.ingest.inputs import MeetingIn, NewsIn, Rejected, read
from services.ingest.intake import BusyError, Intake, Kind, Result
from shared.clock import Clock
from shared.database import OUTAGES
from shared.http import PROBLEM_TYPE, Problem, requires
from shared.kafka import BrokerUnavailableError
from shared.keys import ApiKey

MAX_ITEMS: Final = 1000
MAX_BODY_BYTES: Final = 16 * 1024 * 1024
_RETRY_SECONDS: Final = 5
_MOST_HELD_BYTES: Final = 2 * MAX_BODY_BYTES
_TURNS: Final = 8
"""Bodies that are worked on at a time; each holds a connection to the database, of which there are ten."""


class AcceptedItem(BaseModel):
    """One item that was taken."""

    index: int
    id: str
    revision: int
    event_id: str
    duplicate: bool


class ItemProblem(BaseModel):
    """What is wrong with one item, as a problem object (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    pointer: str


class RejectedItem(BaseModel):
    """One item that was not taken."""

    index: int
    problem: ItemProblem


class Receipt(BaseModel):
    """What became of each item; ``index`` counts from 0 in the order of the request."""

    accepted: list[AcceptedItem]
    rejected: list[RejectedItem]


class _Room:
    """What is in hand at a time, so that memory stays where clients post faster than Kafka and the database take."""

    def __init__(self) -> None:
        self._held = 0
        self._turns = asyncio.Semaphore(_TURNS)

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """Read a request's body, wait for a turn, and hold both.

        Raises:
            Problem: the body is too large, or too much is in hand already.

        """
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > MAX_BODY_BYTES:
            raise _too_large()
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                self._held += len(chunk)
                if len(body) > MAX_BODY_BYTES:
                    raise _too_large()
                if self._held > _MOST_HELD_BYTES:
                    raise _try_again("more is being posted than can be taken")
            async with self._turns:
                yield bytes(body)
        finally:
            self._held -= len(body)


def make_routes(intake: Intake, clock: Clock) -> APIRouter:
    """The two doors, over one use case."""
    room = _Room()
    routes = APIRouter(tags=["publish"], prefix="/v1")

    @routes.post("/news", status_code=HTTPStatus.ACCEPTED, responses=_ERRORS, openapi_extra=_body(NewsIn, _NEWS))
    async def post_news(request: Request, key: Annotated[ApiKey, requires("publish")]) -> Receipt:
        """Publish one news text, or an array of up to 1,000.

        The same text twice is one event. An edited text of the same URL is the next revision of the same article.
        What is wrong with some items does not keep the others out: look at `rejected`.
        """
        return await _take(room, intake, "news", NewsIn, request, key, clock)

    @routes.post(
        "/meetings", status_code=HTTPStatus.ACCEPTED, responses=_ERRORS, openapi_extra=_body(MeetingIn, _MEETING)
    )
    async def post_meetings(request: Request, key: Annotated[ApiKey, requires("publish")]) -> Receipt:
        """Publish one scheduled meeting, or an array of up to 1,000.

        A meeting that moves or is cancelled is sent again with the same `uid`, and is the next revision of it.
        """
        return await _take(room, intake, "meeting", MeetingIn, request, key, clock)

    return routes


async def _take(
    room: _Room,
    intake: Intake,
    kind: Kind,
    model: type[NewsIn | MeetingIn],
    request: Request,
    key: ApiKey,
    clock: Clock,
) -> Receipt:
    async with room.body(request) as body:
        items, is_array = await asyncio.to_thread(_items, model, body)
        with _outages_are_problems():
            results = await intake.take(kind, items, source=key.name, now=clock())
    return _receipt(results, is_array=is_array)


def _items(model: type[NewsIn | MeetingIn], body: bytes) -> tuple[list[NewsIn | MeetingIn | Rejected], bool]:
    try:
        raw = from_json(body)
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"the body is no JSON: {error}") from error
    if not isinstance(raw, list):
        return [read(model, raw)], False
    if not raw:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "the array is empty")
    if len(raw) > MAX_ITEMS:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{len(raw)} items are more than {MAX_ITEMS}; send them in parts"
        )
    return [read(model, item) for item in raw], True


@contextmanager
def _outages_are_problems() -> Iterator[None]:
    try:
        yield
    except (BrokerUnavailableError, BusyError) as error:
        raise _try_again(str(error)) from error
    except ProgrammingError as error:  # PostgreSQL says so where a table is missing
        raise _try_again("the database lacks its tables, run `parley ingest migrate`") from error
    except OUTAGES as error:
        raise _try_again("the database does not answer") from error


def _try_again(reason: str) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"{reason}; nothing was stored, send it again",
        headers={"Retry-After": str(_RETRY_SECONDS)},
    )


def _too_large() -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body may have {MAX_BODY_BYTES} bytes at most (16 MiB)")


def _receipt(results: list[Result], *, is_array: bool) -> Receipt:
    receipt = Receipt(accepted=[], rejected=[])
    for index, result in enumerate(results):
        if isinstance(result, Rejected):
            pointer = (f"/{index}" if is_array else "") + result.pointer
            problem = Problem(result.status, result.reason, extra={"pointer": pointer})
            receipt.rejected.append(RejectedItem(index=index, problem=ItemProblem(**problem.body())))
        else:
            receipt.accepted.append(
                AcceptedItem(
                    index=index,
                    id=result.id,
                    revision=result.revision,
                    event_id=result.event_id,
                    duplicate=result.duplicate,
                )
            )
    if not receipt.accepted:
        statuses = {item.problem.status for item in receipt.rejected}
        raise Problem(
            statuses.pop() if len(statuses) == 1 else HTTPStatus.UNPROCESSABLE_ENTITY,
            receipt.rejected[0].problem.detail if len(results) == 1 else "none of the items could be taken",
            extra=receipt.model_dump(),
        )
    return receipt


_NEWS: Final[dict[str, Any]] = {
    "url": "https://herald.example/world/ceasefire-signed",
    "published_at": "2026-03-02T09:30:00Z",
    "title": "Both delegations sign a ceasefire",
    "text": "Negotiators for Kyiv and Moscow signed a ceasefire on Monday. Fighting is to end at midnight.",
}
_MEETING: Final[dict[str, Any]] = {
    "uid": "talks-17@ministry.example",
    "url": "https://ministry.example/calendar/17",
    "title": "Third round of talks between Ukraine and Russia",
    "participants": ["Ukraine", "Russia", "Türkiye"],
    "location": "Istanbul",
    "starts_at": "2026-03-09T12:00:00Z",
}


def _body(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """How the documentation describes a body that the handler reads by itself, because each item is judged alone."""
    schema = model.model_json_schema()
    examples = {"one": {"summary": "One", "value": example}, "many": {"summary": "Many", "value": [example]}}
    many = {"type": "array", "items": schema, "minItems": 1, "maxItems": MAX_ITEMS}
    content = {"application/json": {"schema": {"anyOf": [schema, many]}, "examples": examples}}
    return {"requestBody": {"required": True, "content": content}}


def _problem_response(description: str) -> dict[str, Any]:
    return {"description": description, "content": {PROBLEM_TYPE: {"schema": {"type": "object"}}}}


_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    400: _problem_response("The body is no JSON."),
    401: _problem_response("The API key is missing or unknown."),
    403: _problem_response("The API key lacks the scope `publish`."),
    413: _problem_response("The body, the number of items or every single text is too large."),
    422: _problem_response("No item could be taken; `rejected` says why, item by item."),
    503: _problem_response("Kafka or the database does not answer; nothing was stored, try again."),
}
