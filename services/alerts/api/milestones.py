"""``GET /v1/milestones``: what was reached, by process and code, with the texts that say so."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Row

from services.alerts.api.common import Cursor, Limit, Reading, cursor_of, invalid, problems, read_cursor
from services.alerts.store import milestones as store
from shared.events import STORABLE, Source, TextClassified, What
from shared.http import Problem, requires
from shared.vocabulary import CODES, Status

router = APIRouter(prefix="/v1/milestones", tags=["milestones"], dependencies=[requires("read")])


class MilestoneOut(BaseModel):
    """One real-world event, folded from the signals of many texts, as it stands now."""

    id: str
    process: str = Field(examples=["ukraine"])
    code: str = Field(examples=["ceasefire_agreed"])
    label: str = Field(description="The code, for people.", examples=["Ceasefire agreed"])
    status: Status
    revision: int = Field(description="Counts its changes, from 1.")
    what: What
    first_seen: AwareDatetime = Field(description="The time of the first text that says so.")
    last_seen: AwareDatetime = Field(description="The time of the latest text that says so.")
    confidence: float = Field(description="From 0 to 1.", examples=[0.93])
    test: bool = Field(description="A drill, or a heartbeat.")
    sources: list[Source]


class RevisionOut(BaseModel):
    """One change of a milestone."""

    number: int
    status: Status
    reason: str = Field(description="Why.", examples=["independent_origins"])
    changed_at: AwareDatetime = Field(description="The time of the text that caused it.")
    message_id: str = Field(description="The message that tells it; see its deliveries.")


class DecisionOut(BaseModel):
    """What became of one signal, and why."""

    code: str
    factuality: str
    decision: str = Field(description="opened, revised, joined or noted")
    reason: str
    milestone_id: str | None = None


class ReadingOut(BaseModel):
    """One text, and what was decided on each of its signals."""

    event_id: str
    text_id: str
    revision: int
    kind: str
    publisher: str | None
    url: str | None
    title: str
    published_at: AwareDatetime
    received_at: AwareDatetime
    late: bool = Field(
        description="Older than 48 h when it came: it is not told to those who do not ask for late ones."
    )
    test: bool
    decisions: list[DecisionOut]


class MilestoneDetail(MilestoneOut):
    """One milestone with its history."""

    revisions: list[RevisionOut]
    readings: list[ReadingOut]


class Milestones(BaseModel):
    """One page, the latest first."""

    items: list[MilestoneOut]
    next: str | None = Field(description="Give it as `cursor` for the next page; null on the last.")


@router.get("", responses=problems(422))
async def list_milestones(  # noqa: PLR0913, PLR0917 - FastAPI takes the filters as parameters
    request: Request,
    connection: Reading,
    process: Annotated[str | None, Query(pattern=STORABLE, description="Only of this process.")] = None,
    code: Annotated[list[str], Query(description="Only of these codes; may be repeated.")] = [],  # noqa: B006 - FastAPI copies it
    status: Annotated[list[Status], Query(description="Only with these statuses; may be repeated.")] = [],  # noqa: B006 - FastAPI copies it
    since: Annotated[
        AwareDatetime | None, Query(description="Only what a text reported at or after this time.")
    ] = None,
    include_test: Annotated[bool, Query(description="Also drills and heartbeats.")] = False,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Milestones:
    """Milestones, the latest first."""
    if unknown := sorted(set(code) - set(CODES)):
        raise invalid(
            *((f"/code/{code.index(one)}", f"{one!r} is unknown; known are {', '.join(CODES)}") for one in unknown)
        )
    rows = await store.listing(
        connection,
        process=process,
        codes=code,
        statuses=status,
        since=since,
        include_test=include_test,
        before=read_cursor(cursor),
        limit=limit + 1,
    )
    known = request.app.state.catalogue.processes
    if not rows and process is not None and process not in known:
        raise invalid(("/process", f"{process!r} is unknown; known are {', '.join(known)}"))
    page = rows[:limit]
    following = cursor_of(page[-1].first_seen, page[-1].id) if len(rows) > limit else None
    return Milestones(items=[MilestoneOut(**_fields(row)) for row in page], next=following)


@router.get("/{milestone_id}", responses=problems(404))
async def get_milestone(milestone_id: str, connection: Reading) -> MilestoneDetail:
    """One milestone, with its revisions, and the texts behind it with what was decided on each of their signals."""
    row = await store.get(connection, milestone_id) if "\x00" not in milestone_id else None
    if row is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"there is no milestone {milestone_id!r}")
    revisions = await store.history(connection, milestone_id)
    readings = await store.readings_of(connection, row.process, [source["text_id"] for source in row.sources])
    return MilestoneDetail(
        **_fields(row),
        revisions=[RevisionOut.model_validate(one, from_attributes=True) for one in revisions],
        readings=[_reading(one) for one in readings],
    )


def _fields(row: Row[Any]) -> dict[str, Any]:
    label = CODES[row.code].label if row.code in CODES else row.code
    return {**row._mapping, "label": label}  # noqa: SLF001 - SQLAlchemy's public name


def _reading(row: Row[Any]) -> ReadingOut:
    text = TextClassified.model_validate_json(row.body)
    return ReadingOut(
        event_id=row.event_id,
        text_id=row.text_id,
        revision=row.revision,
        kind=text.kind,
        publisher=text.publisher,
        url=text.url,
        title=text.title,
        published_at=text.published_at,
        received_at=row.received_at,
        late=row.late,
        test=row.test,
        decisions=[DecisionOut(**decision) for decision in row.decisions],
    )
