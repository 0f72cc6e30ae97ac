"""``parley topics``: look at what flows, decoded. Joins no consumer group, so nothing is taken from anyone."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shared.admin import partitions
from shared.cloudevents import CloudEvent, UndecodableError, decode
from shared.dial import explain
from shared.events import Event, MilestoneChanged, NewsPublished, TextClassified
from shared.settings import KafkaSettings, load_or_exit
from shared.topics import TOPICS, Topic

app = typer.Typer(no_args_is_help=True, help="Look into Kafka's topics: list them, follow one, decoded.")
console = Console()


class Form(StrEnum):
    """How a record is shown."""

    HUMAN = "human"
    JSON = "json"


@app.command("list")
def list_topics() -> None:
    """List every topic: what it carries, how it is keyed, how many records it holds."""
    held = asyncio.run(_held())
    table = Table(box=None)
    for heading in ("topic", "carries", "keyed by", "partitions", "records"):
        table.add_column(heading, justify="right" if heading in {"partitions", "records"} else "left")
    for topic in TOPICS.values():
        partitions, records = held.get(topic.name, (0, 0))
        carries = topic.carries.TYPE if topic.carries else "dead letters"
        table.add_row(topic.name, carries, topic.key, str(partitions or "-"), str(records) if partitions else "missing")
    console.print(table)


@app.command()
def tail(
    topic: Annotated[str, typer.Argument(help="A topic, in full or short: parley.news.v1, news, alerts.dlq")],
    *,
    from_start: Annotated[bool, typer.Option("--from-start", "-a", help="Begin with the oldest record kept.")] = False,
    follow: Annotated[bool, typer.Option(help="Wait for new records; --no-follow ends at the present end.")] = True,
    number: Annotated[int | None, typer.Option("--number", "-n", min=1, help="Stop after so many records.")] = None,
    form: Annotated[Form, typer.Option("--format", help="human, or json: one line a record.")] = Form.HUMAN,
) -> None:
    """Show the records of a topic as they come, decoded.

    A record that cannot be decoded is shown too, with the reason. Examples:

    parley topics tail milestones

    parley topics tail classified --from-start --no-follow --format json | jq .data.signals
    """
    chosen = _find(topic)
    with suppress(KeyboardInterrupt):
        asyncio.run(_tail(chosen, from_start=from_start, follow=follow, number=number, form=form))


def _find(name: str) -> Topic:
    for known in (name, f"parley.{name}.v1"):
        if known in TOPICS:
            return TOPICS[known]
    raise typer.BadParameter(f"no topic {name!r}; known are {', '.join(TOPICS)}")


@asynccontextmanager
async def _consumer() -> AsyncIterator[AIOKafkaConsumer]:
    cluster = load_or_exit(KafkaSettings).cluster
    consumer = AIOKafkaConsumer(
        group_id=None, auto_offset_reset="earliest", request_timeout_ms=10_000, **cluster.options()
    )
    try:
        await consumer.start()
    except (KafkaError, OSError) as error:
        await consumer.stop()
        reason = await explain(cluster, error)
        sys.stderr.write(f"{reason}; start it with `make run`, or set KAFKA_BOOTSTRAP to another\n")
        raise typer.Exit(2) from None
    try:
        yield consumer
    finally:
        await consumer.stop()


async def _held() -> dict[str, tuple[int, int]]:
    async with _consumer() as consumer:
        held = {}
        for name, at in (await partitions(load_or_exit(KafkaSettings).cluster, TOPICS)).items():
            first, last = await consumer.beginning_offsets(at), await consumer.end_offsets(at)
            held[name] = (len(at), sum(last[one] - first[one] for one in at))
        return held


async def _tail(topic: Topic, *, from_start: bool, follow: bool, number: int | None, form: Form) -> None:
    async with _consumer() as consumer:
        found = await partitions(load_or_exit(KafkaSettings).cluster, [topic.name])
        if not found:
            sys.stderr.write(f"the cluster has no topic {topic.name}; it is created when a service starts\n")
            raise typer.Exit(2)
        at = found[topic.name]
        consumer.assign(at)
        ends = await consumer.end_offsets(at)
        if not from_start:
            for one in at:
                consumer.seek(one, ends[one])
        shown = 0
        while True:
            batches = await consumer.getmany(timeout_ms=500)
            records = sorted((r for batch in batches.values() for r in batch), key=lambda record: record.timestamp)
            for record in records:
                if not follow and record.offset >= ends[TopicPartition(record.topic, record.partition)]:
                    continue
                _show(topic, record, form)
                shown += 1
                if shown == number:
                    return
            if not follow and all([await consumer.position(one) >= ends[one] for one in at]):
                return


def _show(topic: Topic, record: ConsumerRecord, form: Form) -> None:
    at = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    if topic.carries is None:
        _show_letter(record, form)
        return
    try:
        event = decode((topic.carries,), record.headers, record.value)
    except UndecodableError as error:
        if form is Form.JSON:
            sys.stdout.write(json.dumps({**at, "error": error.fault, "detail": error.detail}) + "\n")
        else:
            console.print(f"{_place(record)} [red]cannot be decoded[/red]: {escape(str(error))}")
        return
    if form is Form.JSON:
        envelope = {"id": event.id, "source": event.source, "time": event.time.isoformat(), "test": event.test}
        sys.stdout.write(json.dumps({**at, **envelope, "data": event.data.model_dump(mode="json")}) + "\n")
    else:
        console.print(f"{_place(record)} {'[yellow]test[/yellow] ' if event.test else ''}{_summary(event)}")


def _place(record: ConsumerRecord) -> str:
    moment = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return f"[dim]{moment:%Y-%m-%d %H:%M:%S} {record.partition}/{record.offset}[/dim]"


def _summary(event: CloudEvent[Any]) -> str:
    data: Event = event.data
    match data:
        case NewsPublished():
            return f"[bold]{escape(data.publisher or '-')}[/bold] {escape(data.title)} [dim]{data.article_id}[/dim]"
        case TextClassified():
            signals = ", ".join(f"{signal.code}: {signal.factuality}" for signal in data.signals) or "no signal"
            return f"[bold]{escape(data.process or '-')}[/bold] {escape(signals)} [dim]{escape(data.title)}[/dim]"
        case MilestoneChanged():
            quote = data.sources[0].quote if data.sources else ""
            return (
                f"[bold]{data.process}[/bold] {data.label}: [bold]{data.status}[/bold] (revision {data.revision}, "
                f"{data.reason}, {len(data.sources)} sources) [dim]{escape(quote)}[/dim]"
            )
    return escape(data.model_dump_json())


def _show_letter(record: ConsumerRecord, form: Form) -> None:
    headers = {name: (raw or b"").decode(errors="replace") for name, raw in record.headers if name.startswith("dl_")}
    own = {name: text for name, text in headers.items() if not name.startswith("dl_header_")}
    value = (record.value or b"").decode(errors="replace")
    if form is Form.JSON:
        sys.stdout.write(json.dumps({"offset": record.offset, **own, "value": value}) + "\n")
        return
    if "dl_settled" in own:
        console.print(f"{_place(record)} {escape((record.key or b'').decode())} was {escape(own['dl_settled'])}")
        return
    console.print(
        f"{_place(record)} [red]{escape(own.get('dl_error', '?'))}[/red] from {escape((record.key or b'').decode())}: "
        f"{escape(own.get('dl_detail', ''))} [dim]{escape(value[:200])}[/dim]"
    )
