"""``GET /v1/processes``: which processes are followed, and what was found of each."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.alerts.api.common import Reading, problems
from services.alerts.store import processes as store
from shared.http import requires
from shared.vocabulary import Status

router = APIRouter(prefix="/v1/processes", tags=["processes"], dependencies=[requires("read")])


class ProcessOut(BaseModel):
    """One process of the catalogue."""

    id: str = Field(examples=["ukraine"])
    name: str = Field(examples=["Ukraine"])
    parties: list[str] = Field(description="Its sides.", examples=[["Ukraine", "Russia"]])
    mediators: list[str] = Field(description="Who is between them.")
    milestones: dict[Status, int] = Field(
        description="How many milestones stand at each status.",
        examples=[{"reported": 3, "confirmed": 5, "reversed": 0, "retracted": 1}],
    )


class Processes(BaseModel):
    """The catalogue; `version` changes with its content."""

    version: str
    items: list[ProcessOut]


@router.get("", responses=problems())
async def list_processes(request: Request, connection: Reading) -> Processes:
    """All processes that are followed, in the order of the catalogue."""
    catalogue = request.app.state.catalogue
    counts = await store.milestone_counts(connection)
    items = [
        ProcessOut(
            id=process.id,
            name=process.name,
            parties=[party.name for party in process.parties],
            mediators=list(process.mediators),
            milestones={status: counts.get(process.id, {}).get(status, 0) for status in Status},
        )
        for process in catalogue.processes.values()
    ]
    return Processes(version=catalogue.version, items=items)
