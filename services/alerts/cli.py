"""The terminal door: ``parley alerts milestones | subscribe | subscriptions | unsubscribe | deliveries | migrate``."""

import asyncio
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.alerts.client import Client, ClientSettings, fail
from services.alerts.settings import AlertsSettings
from shared.settings import load_or_exit
from shared.vocabulary import Status

app = typer.Typer(no_args_is_help=True, help="Milestones, and who is told of them: list, subscribe.")

MIGRATIONS: Final = Path(__file__).with_name("migrations")
_SHOWN: Final = ("process", "code", "status", "what", "first_seen", "last_seen", "confidence")
_SHOWN_OF_SOURCE: Final = ("publisher", "url", "title", "quote")

Processes = Annotated[list[str] | None, typer.Option("--process", help="Only of this process; may be repeated.")]
Codes = Annotated[list[str] | None, typer.Option("--code", help="Only of this code; may be repeated.")]
Statuses = Annotated[list[Status] | None, typer.Option("--status", help="Only with this status; may be repeated.")]


class Form(StrEnum):
    """How results are shown."""

    TABLE = "table"
    JSON = "json"


Shown = Annotated[Form, typer.Option("--format", help="How it is shown.")]


def _client() -> Client:
    return Client(load_or_exit(ClientSettings))


def _table(*columns: str) -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column)
    return table


def _print(table: Table) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = 200  # into a file or a pipe: nothing is to be cut where nobody sees it
    console.print(table)


def _write(found: list[dict[str, Any]]) -> None:
    json.dump(found, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


_PUBLISHERS_SHOWN = 3


@app.command()
def milestones(
    *,
    process: Annotated[str | None, typer.Option(help="Only of this process.")] = None,
    code: Codes = None,
    status: Statuses = None,
    since: Annotated[
        str | None, typer.Option(help="Only what was reported at or after this time, e.g. 2026-03-01 (UTC).")
    ] = None,
    form: Shown = Form.TABLE,
) -> None:
    """List what was reached, the latest first."""
    moment = f"{since}T00:00:00Z" if since and "T" not in since else since
    found = list(_client().pages("/v1/milestones", process=process, code=code, status=status, since=moment))
    if form is Form.JSON:
        _write(
            [
                {name: one[name] for name in _SHOWN}
                | {"sources": [{name: source[name] for name in _SHOWN_OF_SOURCE} for source in one["sources"]]}
                for one in found
            ]
        )
        return
    table = _table("process", "milestone", "status", "first seen", "conf.", "sources", "quote")
    for one in found:
        table.add_row(
            escape(one["process"]),
            escape(one["label"]),
            one["status"],
            _minute(one["first_seen"]),
            f"{one['confidence']:.2f}",
            escape(_publishers(one["sources"])),
            escape(one["sources"][0]["quote"] if one["sources"] else ""),
        )
    _print(table)
    sys.stderr.write(f"{len(found)} {'milestone' if len(found) == 1 else 'milestones'}\n")


def _publishers(sources: list[dict[str, Any]]) -> str:
    """Who says so: each publisher once, the first three by name."""
    names = list(dict.fromkeys(source["publisher"] or "unknown" for source in sources))
    more = len(names) - _PUBLISHERS_SHOWN
    return ", ".join(names[:_PUBLISHERS_SHOWN]) + (f" and {more} more" if more > 0 else "")


@app.command()
def subscribe(
    url: Annotated[str, typer.Argument(help="Where webhooks are POSTed to.")],
    *,
    process: Processes = None,
    code: Codes = None,
    status: Statuses = None,
    min_confidence: Annotated[float, typer.Option(min=0, max=1, help="Of at least this confidence.")] = 0.0,
    name: Annotated[str | None, typer.Option(help="For people; the URL's host unless given.")] = None,
    secret: Annotated[str | None, typer.Option(help="whsec_…; a new one is made unless given.")] = None,
) -> None:
    """Have an endpoint told of milestones by signed webhooks; without filters, of all."""
    body = {
        "url": url,
        "name": name,
        "secret": secret,
        "processes": process or [],
        "codes": code or [],
        "statuses": status or [],
        "min_confidence": min_confidence,
    }
    created = _client().call("POST", "/v1/subscriptions", body)
    sys.stdout.write(f"id      {created['id']}\nsecret  {created['secret']}\n")
    sys.stderr.write(
        "Keep the secret: it is not shown again. Verify webhooks with it (https://www.standardwebhooks.com).\n"
        "A test message is on its way; when the endpoint has answered it with a 2xx status, alerts follow.\n"
        f"See how it went:  parley alerts deliveries --subscription {created['id']}\n"
    )


@app.command()
def subscriptions(*, form: Shown = Form.TABLE) -> None:
    """List who is told of what."""
    found = list(_client().pages("/v1/subscriptions"))
    if form is Form.JSON:
        _write(found)
        return
    table = _table("id", "name", "to", "state", "processes", "codes", "statuses", "messages")
    for one in found:
        state = one["state"] + (f" ({one['state_reason']})" if one["state_reason"] else "")
        wanted = (", ".join(sorted(one[name])) or "all" for name in ("processes", "codes", "statuses"))
        cells = (one["id"], one["name"], one["url"] or one["channel"], state, *wanted, str(one["sequence"]))
        table.add_row(*map(escape, cells))
    _print(table)


@app.command()
def unsubscribe(subscription_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End a subscription: it is forgotten with its secret, and nothing more is sent to it."""
    _client().call("DELETE", f"/v1/subscriptions/{quote(subscription_id, safe='')}")
    sys.stdout.write(f"{subscription_id} is told of nothing any more\n")


@app.command()
def test(subscription_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Send a test message to an endpoint; one that was disabled comes back by answering it."""
    queued = _client().call("POST", f"/v1/subscriptions/{quote(subscription_id, safe='')}/test")
    sys.stdout.write(f"the test is delivery {queued['delivery_id']}\n")


@app.command()
def deliveries(
    *,
    subscription: Annotated[str | None, typer.Option(help="Only of this subscription.")] = None,
    state: Annotated[
        str | None, typer.Option(help="Only in this state: held, pending, delivered, exhausted, cancelled.")
    ] = None,
    form: Shown = Form.TABLE,
) -> None:
    """List what was owed to whom, and what became of it, the latest first."""
    found = list(_client().pages("/v1/deliveries", subscription=subscription, state=state))
    if form is Form.JSON:
        _write(found)
        return
    table = _table("created", "subscription", "no.", "type", "state", "why", "tries", "next", "last answer")
    for one in found:
        last = one["attempts"][-1]["detail"] if one["attempts"] else None
        cells = (
            _minute(one["created_at"]),
            one["subscription_id"],
            str(one["sequence"]),
            one["type"],
            one["state"],
            one["reason"],
            str(len(one["attempts"])),
            _minute(one["due_at"]) if one["due_at"] else "",
            last or "",
        )
        table.add_row(*map(escape, cells))
    _print(table)


@app.command("migrate")
def migrate_database(
    *, revision: Annotated[str, typer.Option(help="A revision, `head` (the newest) or `base` (empty).")] = "head"
) -> None:
    """Bring the database of alerts to the newest revision."""
    from shared.database import OUTAGES, make_engine, migrate  # noqa: PLC0415 - the other commands start faster without

    settings = load_or_exit(AlertsSettings)

    async def run() -> None:
        engine = make_engine(settings.url_for("alerts"))
        try:
            await migrate(engine, MIGRATIONS, revision)
        except OUTAGES as error:
            raise fail(f"the database of alerts does not answer: {error}") from None
        finally:
            await engine.dispose()

    asyncio.run(run())
    sys.stdout.write(f"the database of alerts is at {revision}\n")


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")
