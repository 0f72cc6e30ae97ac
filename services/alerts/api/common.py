"""What the doors share: the database, cursors of pages, and how errors are described."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import OUTAGES
from shared.events import STORABLE
from shared.http import PROBLEM_TYPE, Problem

RETRY_SECONDS: Final = 5

Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(pattern=STORABLE, max_length=500, description="`next` of the page before; none for the first.")
]


async def _reading(request: Request) -> AsyncIterator[AsyncConnection]:
    with outages_are_problems():
        async with request.app.state.engine.connect() as connection:
            await connection.execution_options(read_only=True)
            yield connection


Reading = Annotated[AsyncConnection, Depends(_reading)]
"""A connection that only reads."""


@contextmanager
def outages_are_problems() -> Iterator[None]:
    """Answer 503 where the database is away."""
    try:
        yield
    except (ProgrammingError, *OUTAGES) as error:
        # PostgreSQL calls it a wrong program, SQLite an operation that failed, where a table is missing
        missing = isinstance(error, ProgrammingError) or "no such table" in str(error)
        reason = (
            "the database lacks its tables; run 'parley alerts migrate'" if missing else "the database does not answer"
        )
        headers = {"Retry-After": str(RETRY_SECONDS)}
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"{reason}; nothing was changed", headers=headers) from error


def invalid(*errors: tuple[str, str]) -> Problem:
    """422, with a JSON pointer (or the name of a parameter as one) and a sentence for each thing that is wrong."""
    detail = "; ".join(f"{pointer}: {problem}" for pointer, problem in errors)
    listed = [{"pointer": pointer, "detail": problem} for pointer, problem in errors]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, extra={"errors": listed})


def cursor_of(moment: datetime, name: str) -> str:
    """Where a page ended, as callers hand it back."""
    return urlsafe_b64encode(f"{moment.isoformat()}|{name}".encode()).rstrip(b"=").decode()


def read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """Read what ``cursor_of`` wrote.

    Raises:
        Problem: 422, for anything else.

    """
    if cursor is None:
        return None
    try:
        moment, _, name = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition("|")
        at = datetime.fromisoformat(moment)
    except (binascii.Error, ValueError):
        raise invalid(("/cursor", "this is not a `next` that was given with a page")) from None
    if at.tzinfo is None or "\x00" in name:
        raise invalid(("/cursor", "this is not a `next` that was given with a page"))
    return at, name


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How the documentation describes errors: those named, and those that every door has."""
    said = {
        401: "The API key is missing or unknown.",
        403: "The API key lacks the scope.",
        404: "There is none of this id.",
        409: "It is a part of Parley itself.",
        422: "Something that was sent is wrong; `errors` names each field by a JSON pointer.",
        503: "The database does not answer; nothing was changed, try again.",
    }
    content = {PROBLEM_TYPE: {"schema": {"type": "object"}}}
    return {status: {"description": said[status], "content": content} for status in (401, 403, *statuses, 503)}
