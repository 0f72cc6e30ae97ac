"""What the commands do that go straight to Kafka and the database: backfill and migrate."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Final, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from services.ingest import store
from services.ingest.backfill import Backfill, Reject, Summary
from services.ingest.intake import BusyError, Intake
from services.ingest.settings import IngestSettings
from shared.clock import utc_now
from shared.database import OUTAGES, make_engine, migrate, probe
from shared.kafka import BrokerUnavailableError, Producer
from shared.settings import load_or_exit

UNREACHABLE: Final = 2
INTERRUPTED: Final = 128 + signal.SIGINT


class UnreachableError(Exception):
    """A part that the command needs is not there; the message is one sentence."""


def migrate_database(revision: str) -> int:
    """Bring the database to a revision; the exit status."""
    settings = load_or_exit(IngestSettings)

    async def run() -> None:
        engine = make_engine(settings.ingest_database_url)
        try:
            await migrate(engine, store.MIGRATIONS, revision)
        finally:
            await engine.dispose()

    try:
        asyncio.run(run())
    except OUTAGES as error:
        sys.stderr.write(f"the database of ingest does not answer: {error}\n")
        return UNREACHABLE
    sys.stdout.write(f"the database of ingest is at {revision}\n")
    return 0


def backfill(files: Sequence[Path], rejects: Path | None, *, as_json: bool) -> int:
    """Send files, show progress on a terminal, then the summary; the exit status.

    The summary comes also where the broker went away or the user interrupted: it says what was done until then.
    """
    settings = load_or_exit(IngestSettings)
    summary = Summary()
    unreachable = None
    try:
        with rejects.open("w", encoding="utf-8") if rejects else nullcontext() as written:
            asyncio.run(_backfill(settings, files, summary, written))
    except (UnreachableError, BrokerUnavailableError, BusyError, *OUTAGES) as error:
        unreachable = str(error)
        summary.complete = False
    if unreachable is None or summary.total:
        _show(summary, as_json=as_json)
    if unreachable is not None:
        sys.stderr.write(f"{unreachable}\n")
        if summary.total:
            sys.stderr.write("run the same command again later: what was sent is not sent twice\n")
        return UNREACHABLE
    return int(summary.rejected > 0) if summary.complete else INTERRUPTED


@asynccontextmanager
async def _intake(settings: IngestSettings) -> AsyncIterator[Intake]:
    engine = make_engine(settings.ingest_database_url)
    producer = Producer(settings.cluster, "ingest")
    try:
        for reason in (await probe(engine, store.MIGRATIONS, "ingest"), await producer.probe()):
            if reason is not None:
                raise UnreachableError(reason)
        yield Intake(engine, producer.publish)
    finally:
        await producer.stop()
        await engine.dispose()


async def _backfill(settings: IngestSettings, files: Sequence[Path], summary: Summary, rejects: TextIO | None) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        stopping.set()
        loop.remove_signal_handler(signal.SIGINT)  # a second Ctrl-C does not wait for the batch

    def refused(reject: Reject) -> None:
        if rejects is not None:
            rejects.write(json.dumps(asdict(reject), ensure_ascii=False) + "\n")

    loop.add_signal_handler(signal.SIGINT, stop)
    async with _intake(settings) as intake:
        with _progress() as progress:
            task = progress.add_task("backfill", total=sum(path.stat().st_size for path in files) or None, rate="")
            started = loop.time()

            def advanced(read: int, so_far: Summary) -> None:
                so_far.seconds = round(loop.time() - started, 3)
                progress.update(task, completed=read, rate=f"{so_far.total} texts, {so_far.rate:.0f}/s")

            await Backfill(intake, utc_now, stopping.is_set, advanced, refused).run(files, summary)


def _progress() -> Progress:
    terminal = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TextColumn("{task.fields[rate]}"))
    return Progress(*columns, TimeRemainingColumn(), console=terminal, disable=not terminal.is_terminal)


def _show(summary: Summary, *, as_json: bool) -> None:
    """The summary on standard output; it says how many rejects it does not show."""
    hidden = summary.rejected - len(summary.rejects)
    if as_json:
        sys.stdout.write(json.dumps(asdict(summary) | {"rejects_not_shown": hidden}, ensure_ascii=False) + "\n")
        return
    table = Table(title=None if summary.complete else "stopped before the end")
    for heading in ("published", "duplicates", "rejected", "seconds", "texts/s"):
        table.add_column(heading, justify="right")
    table.add_row(
        *map(str, (summary.published, summary.duplicates, summary.rejected)),
        f"{summary.seconds:.1f}",
        f"{summary.rate:.0f}",
    )
    console = Console()
    console.print(table)
    for reject in summary.rejects:
        console.print(f"{escape(reject.file)}:{reject.line}: {escape(reject.reason)}", highlight=False, soft_wrap=True)
    if hidden:
        console.print(f"and {hidden} more; --rejects FILE writes them all")
