"""The terminal door: ``parley ingest backfill | post | migrate``.

What may be typed; the work is in ``terminal.py``, which is imported when a command runs, so that help comes at once.
"""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from shared.clock import utc_now

app = typer.Typer(no_args_is_help=True, help="Send texts and meetings in: post one, or backfill files of them.")


class Form(StrEnum):
    """How results are shown."""

    TABLE = "table"
    JSON = "json"


class Kind(StrEnum):
    """The two doors of the API."""

    NEWS = "news"
    MEETINGS = "meetings"


@app.command("migrate")
def migrate_database(
    *, revision: Annotated[str, typer.Option(help="A revision, `head` (the newest) or `base` (empty).")] = "head"
) -> None:
    """Bring the database of ingest to the newest revision."""
    from services.ingest import terminal  # noqa: PLC0415 - see the top

    raise typer.Exit(terminal.migrate_database(revision))


@app.command()
def backfill(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="JSON Lines, or one JSON array.")
    ],
    *,
    rejects: Annotated[
        Path | None, typer.Option(help="Write every rejected entry there: file, line, reason, as JSON Lines.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How the summary is shown.")] = Form.TABLE,
) -> None:
    """Send files of news texts the whole way, straight to Kafka: no API key needed.

    Each entry has at least a time (published_at, published or date), a title and a text (text, body or content), and
    mostly a link. What was sent before is not sent twice: the same command can be repeated at any time.

    Ends with 0 where all was taken, 1 where something was rejected, 2 where Kafka or the database does not answer.
    """
    from services.ingest import terminal  # noqa: PLC0415 - see the top

    raise typer.Exit(terminal.backfill(files, rejects, as_json=form is Form.JSON))


@app.command()
def post(
    *,
    title: Annotated[
        str | None, typer.Option(help="The headline; without it, JSON is read from standard input.")
    ] = None,
    text: Annotated[str, typer.Option(help="The body.")] = "",
    url: Annotated[str | None, typer.Option(help="Where it can be read.")] = None,
    published_at: Annotated[str | None, typer.Option(help="ISO 8601; now, if left out.")] = None,
    publisher: Annotated[str | None, typer.Option(help="Domain or name, where there is no URL.")] = None,
    kind: Annotated[Kind, typer.Option(help="What the JSON on standard input holds.")] = Kind.NEWS,
) -> None:
    """Post one text to the running service, or the JSON from standard input (one object, or an array of up to 1,000).

    The key is PARLEY_API_KEY, the address PARLEY_INGEST_URL, from the environment or parley.env in the data directory.
    """
    from services.ingest import client  # noqa: PLC0415 - see the top

    if title is None:
        if sys.stdin.isatty():
            raise typer.BadParameter("give --title and --text, or JSON on standard input")
        body = sys.stdin.buffer.read()
    else:
        item = {"title": title, "text": text, "url": url, "publisher": publisher}
        item["published_at"] = published_at or utc_now().isoformat()
        body = json.dumps({name: value for name, value in item.items() if value is not None}).encode()
    raise typer.Exit(client.post(kind, body))
