"""Many texts from files, straight through ingest's own intake."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

from services.ingest.files import Entry, read_texts
from services.ingest.inputs import NewsIn, Rejected
from services.ingest.intake import Intake
from shared.clock import Clock

BATCH_TEXTS: Final = 500
BATCH_CHARACTERS: Final = 4 * 1024 * 1024
SHOWN_REJECTS: Final = 20


@dataclass(frozen=True, slots=True)
class Reject:
    """One entry of a file that was not taken."""

    file: str
    line: int
    reason: str


@dataclass(slots=True)
class Summary:
    """What became of everything that was read so far, in how many seconds; of the rejects the first twenty."""

    published: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejects: list[Reject] = field(default_factory=list)
    complete: bool = True
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Texts per second."""
        return self.total / max(self.seconds, 0.001)

    @property
    def total(self) -> int:
        """All texts."""
        return self.published + self.duplicates + self.rejected


@dataclass(frozen=True, slots=True)
class Backfill:
    """Reads files and hands them to the intake batch by batch.

    Attributes:
        intake: where the texts go.
        clock: when each batch was read.
        stopping: asked before each batch; what was begun is finished.
        advanced: told after each batch how many bytes of all files were read, and the numbers so far.
        refused: told of each reject.

    """

    intake: Intake
    clock: Clock
    stopping: Callable[[], bool]
    advanced: Callable[[int, Summary], None]
    refused: Callable[[Reject], None]

    async def run(self, paths: Iterable[Path], summary: Summary) -> None:
        """Read all files; the numbers are in ``summary`` also where it ends in an error.

        Raises:
            as ``Intake.take``, and ``OSError`` where a file cannot be read.

        """
        before = 0
        for path in paths:
            with path.open("rb") as stream:
                seekable = stream.seekable()
                for batch in _batches(read_texts(stream)):
                    if self.stopping():
                        summary.complete = False
                        return
                    await self._take(path, batch, summary)
                    self.advanced(before + (stream.tell() if seekable else 0), summary)
                before += stream.tell() if seekable else 0

    async def _take(self, path: Path, batch: list[Entry], summary: Summary) -> None:
        results = await self.intake.take(
            "news", [entry.item for entry in batch], source=path.name, now=self.clock(), replay=True
        )
        for entry, result in zip(batch, results, strict=True):
            if isinstance(result, Rejected):
                reject = Reject(str(path), entry.line, result.reason)
                summary.rejected += 1
                if len(summary.rejects) < SHOWN_REJECTS:
                    summary.rejects.append(reject)
                self.refused(reject)
            elif result.duplicate:
                summary.duplicates += 1
            else:
                summary.published += 1


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    """Bounded in number and in memory."""
    for first in entries:
        batch, size = [], 0
        for entry in chain([first], entries):
            batch.append(entry)
            size += len(entry.item.title) + len(entry.item.text) if isinstance(entry.item, NewsIn) else 0
            if len(batch) == BATCH_TEXTS or size > BATCH_CHARACTERS:
                break
        yield batch
