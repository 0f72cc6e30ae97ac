"""Intake: the one transaction. Remember what came, fold it into the state, and put down what is to be told.

The caller commits the offsets afterwards; what is seen twice is recognised by its source and id and changes nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.alerts.state.changes import Change, Decision, changes, decide
from services.alerts.state.evidence import Assertion, assertions
from services.alerts.state.milestones import Reason, fold
from services.alerts.store import milestones as milestone_store
from services.alerts.store import readings as reading_store
from shared.catalogue import Catalogue
from shared.cloudevents import CloudEvent, type_of
from shared.events import MilestoneChanged, Source, TextClassified, What
from shared.vocabulary import CODES, Factuality

log = structlog.get_logger(__name__)

LATE_AFTER: Final = timedelta(hours=48)
NAMES: Final = UUID("8c3b7d9e-52d5-4b0e-9d3b-6a1f5c0e7a11")
"""The name space of ids that follow from what they name, so that a replay gives the same ones."""

Reading = CloudEvent[TextClassified]


@dataclass(slots=True)
class _Touched:
    """What a batch touches of one process, code and kind (real or test)."""

    signals: list[Assertion] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)


async def take(engine: AsyncEngine, catalogue: Catalogue, readings: Sequence[Reading], now: datetime) -> int:
    """Take in one batch, in one transaction.

    Args:
        engine: the database.
        catalogue: names, parties and official publishers of the processes.
        readings: as classify published them, in order.
        now: when they were received.

    Returns:
        how many revisions of milestones it made.

    """
    async with engine.begin() as connection:
        await reading_store.lock(connection, [one.data.process or reading_store.UNPLACED for one in readings])
        fresh = await reading_store.unseen(connection, readings)
        by_process: dict[str | None, list[Reading]] = defaultdict(list)
        for one in fresh:
            by_process[one.data.process].append(one)
        made = 0
        for process_id in sorted(by_process, key=lambda name: name or ""):
            transaction = _Transaction(connection, catalogue, process_id, by_process[process_id], now)
            made += await transaction.run()
    return made


@dataclass(slots=True)
class _Transaction:
    """The part of the transaction that is about one process."""

    connection: AsyncConnection
    catalogue: Catalogue
    process_id: str | None
    readings: list[Reading]
    now: datetime
    decisions: dict[tuple[str, int], Decision] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)

    async def run(self) -> int:
        """Fold the readings in and keep them; gives the number of revisions made."""
        self.late = {one.data.text_id for one in self.readings if self.now - one.data.occurred_at > LATE_AFTER}
        made = 0
        if self.process_id is not None:
            touched = await self._touch(self.process_id)
            for code, test in sorted(touched):
                made += await self._fold(self.process_id, code, touched[code, test], test=test)
        rows = [
            reading_store.reading_row(
                one,
                late=one.data.text_id in self.late,
                received_at=self.now,
                decisions=[
                    asdict(self.decisions[one.id, ordinal])
                    for ordinal in range(len(one.data.signals))
                    if (one.id, ordinal) in self.decisions
                ],
            )
            for one in self.readings
        ]
        await reading_store.add_readings(self.connection, rows)
        return made

    async def _touch(self, process: str) -> dict[tuple[str, bool], _Touched]:
        """Keep the new signals, retire those of earlier revisions, and say which codes must be folded again."""
        text_ids = sorted({one.data.text_id for one in self.readings})
        latest = await reading_store.latest_revisions(self.connection, process, text_ids)
        for one in self.readings:
            latest[one.data.text_id] = max(one.data.revision, latest.get(one.data.text_id, 0))
        touched: dict[tuple[str, bool], _Touched] = defaultdict(_Touched)
        for code, test, moment in await reading_store.supersede(self.connection, process, latest):
            touched[code, test].times.append(moment)
        found = [(signal, one.test) for one in self.readings for signal in assertions(one)]
        await reading_store.add_signals(self.connection, process, found, latest)
        for signal, test in found:
            if signal.code not in CODES:
                self._decide(signal, Decision(signal.code, signal.factuality, "noted", Reason.UNKNOWN_CODE))
            elif signal.revision < latest[signal.text_id]:
                self._decide(signal, Decision(signal.code, signal.factuality, "noted", Reason.SUPERSEDED))
            elif signal.factuality in {Factuality.REACHED, Factuality.NEGATED}:
                touched[signal.code, test].signals.append(signal)
                touched[signal.code, test].times.append(signal.occurred_at)
            else:
                self._decide(signal, decide(signal, ()))
        return touched

    async def _fold(self, process: str, code_name: str, touched: _Touched, *, test: bool) -> int:
        code = CODES[code_name]
        before, since, until = await milestone_store.standing(
            self.connection,
            process,
            code_name,
            test=test,
            since=min(touched.times),
            until=max(touched.times),
            gap=code.episode_gap,
        )
        signals = await reading_store.live_signals(
            self.connection, process, code_name, test=test, since=since, until=until
        )
        after = fold(code, self.catalogue.processes.get(process), signals)
        named = [(self._id(process, change, test=test), change) for change in changes(before, after)]
        for signal in touched.signals:
            self._decide(signal, decide(signal, named))
        fresh = {signal.text_id for signal in touched.signals}
        return sum([await self._save(process, name, change, fresh, test=test) for name, change in named])

    def _id(self, process: str, change: Change, *, test: bool) -> str:
        if change.before is not None:
            return change.before.id
        if change.after is None:
            raise AssertionError("a change has a before or an after")
        return str(uuid5(NAMES, f"{process}|{change.after.code}|{test}|{change.after.opened_by}"))

    async def _save(self, process: str, name: str, change: Change, fresh: set[str], *, test: bool) -> int:
        revision = (change.before.revision if change.before else 0) + change.is_revision
        if change.after is not None:
            await milestone_store.save_state(
                self.connection, name, process, change.after, test=test, revision=revision, now=self.now
            )
        else:
            await milestone_store.retract(self.connection, name, revision=revision, now=self.now)
        if not change.is_revision:
            return 0
        event = await self._changed(process, name, change, revision, fresh, test=test)
        message_id = str(uuid5(NAMES, f"{name}|{revision}"))
        message_type = type_of(MilestoneChanged)
        await milestone_store.add_revision(self.connection, message_id, message_type, event, now=self.now)
        log.info(
            "milestone.changed",
            milestone=name,
            process=process,
            code=event.code,
            status=event.status,
            revision=revision,
            reason=event.reason,
        )
        return 1

    async def _changed(
        self, process: str, name: str, change: Change, revision: int, fresh: set[str], *, test: bool
    ) -> MilestoneChanged:
        row = await milestone_store.get(self.connection, name)
        if row is None:
            raise AssertionError("the milestone was saved a moment ago")
        known = self.catalogue.processes.get(process)
        causes = [source for source in map(Source.model_validate, row.sources) if source.text_id in fresh]
        return MilestoneChanged(
            milestone_id=name,
            revision=revision,
            process=process,
            process_name=known.name if known else process,
            code=row.code,
            label=CODES[row.code].label,
            status=change.status,
            previous_status=change.before.status if change.before else None,
            reason=change.reason,
            what=What.model_validate(row.what),
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            changed_at=max([source.published_at for source in causes], default=row.last_seen),
            confidence=row.confidence,
            sources=tuple(map(Source.model_validate, row.sources)),
            late=bool(causes) and all(source.text_id in self.late for source in causes),
            test=test,
        )

    def _decide(self, signal: Assertion, decision: Decision) -> None:
        self.decisions[signal.event_id, signal.ordinal] = decision
