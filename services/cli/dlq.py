"""``parley dlq``: what a service could not digest; look at it, send it again once the cause is gone, or give it up.

A letter is named by its position, ``topic/partition/offset`` of the original. Letters are read from the start to the
present end of the service's dead-letter topic, and no consumer group is joined. A letter that was sent again or given
up stays in the topic, with a marker behind it that says so: it is hidden unless ``--all`` is given, and never sent
twice. What comes back after it was sent again is a new letter, which knows how often that happened: after three times
it is refused, so that nothing goes round in circles unless ``--force`` says so.
"""

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeVar

import typer
from aiokafka import ConsumerRecord
from rich.console import Console
from rich.progress import Progress

from services.cli.letters import console, facts, show_facts, show_original, show_table
from services.cli.topics import Form
from shared.clock import utc_now
from shared.deadletters import Letter, original
from shared.kafka import BrokerUnavailableError
from shared.redrive import Mailbox, NoSuchLetterError, open_mailbox, refusal
from shared.settings import KafkaSettings, load_or_exit

app = typer.Typer(no_args_is_help=True, help="Dead letters of a service: list, show, send again, discard.")
R = TypeVar("R")

_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def _moment(text: str) -> datetime:
    """An age (30m, 2h, 7d) or an ISO 8601 time, UTC where it has no offset."""
    if age := re.fullmatch(r"(\d{1,5})([mhd])", text):
        return utc_now() - timedelta(**{_UNITS[age[2]]: int(age[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither an age like 30m, 2h or 7d nor an ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Service = Annotated[str, typer.Argument(help="The consuming service: classify or alerts.")]
ErrorName = Annotated[str | None, typer.Option("--error", help="Only this fault or exception, as `list` names it.")]
TopicName = Annotated[str | None, typer.Option("--topic", help="Only originals of this topic, in full or short.")]
Since = Annotated[
    datetime | None, typer.Option("--since", parser=_moment, help="Only those written since: 2h, 7d, 2026-03-02T09:30.")
]
Positions = Annotated[
    list[str] | None, typer.Option("--position", help="Only this letter, topic/partition/offset; may be repeated.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True, slots=True)
class _Wanted:
    error: str | None = None
    topic: str | None = None
    since: datetime | None = None
    positions: Sequence[str] = ()
    settled: bool = False

    async def find(self, box: Mailbox) -> list[Letter]:
        """The letters that pass every filter, oldest first."""
        kept = await box.letters()
        if kept.strange:
            sys.stderr.write(f"{kept.strange} records of the topic are no dead letters; they are left out\n")
        for position in self.positions:
            if position not in kept.by_position:
                raise NoSuchLetterError(f"there is no letter {position}; `parley dlq list` names them")
        found = [letter for letter in kept.by_position.values() if self._passes(letter)]
        return sorted(found, key=lambda letter: (letter.time, letter.at))

    def _passes(self, letter: Letter) -> bool:
        if self.positions and letter.position not in self.positions:
            return False
        return (
            (letter.settled is None or self.settled or bool(self.positions))
            and self.error in {None, letter.error}
            and (self.topic is None or letter.topic in {self.topic, f"parley.{self.topic}.v1"})
            and (self.since is None or letter.time >= self.since)
        )


@app.command("list")
def list_letters(
    service: Service,
    *,
    error: ErrorName = None,
    topic: TopicName = None,
    since: Since = None,
    every: Annotated[bool, typer.Option("--all", "-a", help="Also those that were redriven or discarded.")] = False,
    form: Annotated[Form, typer.Option("--format", help="human, or json: one line a letter.")] = Form.HUMAN,
) -> None:
    """List the dead letters of a service, oldest first."""
    letters = _with_mailbox(service, _Wanted(error, topic, since, settled=every).find)
    if form is Form.JSON:
        for letter in letters:
            sys.stdout.write(json.dumps(facts(letter)) + "\n")
    else:
        show_table(letters)


@app.command()
def show(service: Service, position: Annotated[str, typer.Argument(help="topic/partition/offset")]) -> None:
    """Show everything about one letter: what is known of the failure, and the original's key, headers and value."""

    async def find(box: Mailbox) -> tuple[Letter, ConsumerRecord]:
        (letter,) = await _Wanted(positions=[position]).find(box)
        return letter, await box.record(letter)

    letter, record = _with_mailbox(service, find)
    show_facts(letter)
    if letter.withheld:
        console.print(f"\nThe letter does not hold its original; it lies at {letter.position}, if it is still kept.")
    else:
        show_original(original(record))


@app.command()
def redrive(  # noqa: PLR0913 - each is an option of the command
    service: Service,
    *,
    error: ErrorName = None,
    topic: TopicName = None,
    since: Since = None,
    position: Positions = None,
    most: Annotated[int | None, typer.Option("--max", min=1, help="At most so many, the oldest first.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
    force: Annotated[bool, typer.Option(help="Also what came back three times.")] = False,
    yes: Yes = False,
) -> None:
    """Send originals back to their own topic, byte for byte, with a header that counts how often.

    Do it once the cause is gone: the service reads them again like any other record. Ends with 0 where all were sent, 1
    where some were refused, 2 where Kafka does not answer.
    """

    async def find(box: Mailbox) -> tuple[list[Letter], list[tuple[Letter, str]]]:
        found = await _Wanted(error, topic, since, position or ()).find(box)
        judged = [(letter, refusal(letter, box.topics, force=force)) for letter in found]
        ready = [letter for letter, reason in judged if reason is None]
        return ready[:most], [(letter, reason) for letter, reason in judged if reason is not None]

    ready, refused = _with_mailbox(service, find)
    sent = 0
    if dry_run:
        show_table(ready)
    elif ready:
        _confirm(f"Send {_counted(ready)} again?", yes=yes)
        with Progress(console=(bar := Console(stderr=True)), disable=not bar.is_terminal) as progress:
            task = progress.add_task("redrive", total=len(ready))
            outcome = _with_mailbox(
                service, lambda box: box.redrive(ready, utc_now, lambda done: progress.advance(task, done))
            )
        sent = outcome.sent
        refused += outcome.refused
    for letter, reason in refused:
        sys.stderr.write(f"{letter.position} is not sent: {reason}\n")
    sys.stdout.write(f"{f'would send {len(ready)}' if dry_run else f'sent {sent}'}, refused {len(refused)}\n")
    raise typer.Exit(int(bool(refused)))


@app.command()
def discard(
    service: Service,
    *,
    error: ErrorName = None,
    topic: TopicName = None,
    since: Since = None,
    position: Positions = None,
    yes: Yes = False,
) -> None:
    """Give letters up: they are listed no more and never sent again. At least one filter says which."""
    wanted = _Wanted(error, topic, since, position or ())
    if wanted == _Wanted():
        raise typer.BadParameter("say which: --error, --topic, --since or --position")
    ready = [letter for letter in _with_mailbox(service, wanted.find) if letter.settled is None]
    if ready:
        _confirm(f"Give up {_counted(ready)}?", yes=yes)
        _with_mailbox(service, lambda box: box.discard(ready, utc_now))
    sys.stdout.write(f"discarded {len(ready)}\n")


def _with_mailbox(service: str, work: Callable[[Mailbox], Awaitable[R]]) -> R:
    cluster = load_or_exit(KafkaSettings).cluster

    async def run() -> R:
        async with open_mailbox(cluster, service) as box:
            return await work(box)

    try:
        return asyncio.run(run())
    except (BrokerUnavailableError, NoSuchLetterError) as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(2) from None


def _confirm(question: str, *, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True, err=True)


def _counted(letters: Sequence[Letter]) -> str:
    topics = Counter(letter.topic for letter in letters)
    return ", ".join(f"{count} of {topic}" for topic, count in topics.items())
