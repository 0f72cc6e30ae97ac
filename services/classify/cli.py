"""The terminal door of classify: ``parley classify``."""

import io
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from services.classify import explanation, lexicon, pipeline
from services.classify.evaluation import evaluate as score
from services.classify.trace import trace
from shared import catalogue


class _PathOrCommand(TyperGroup):
    """A group whose first argument, where it names no command, belongs to the command ``read``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  typer's own copy of click's context
        if not any(argument in self.commands or argument == "--help" for argument in args):
            args = ["read", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_PathOrCommand,
    no_args_is_help=False,
    rich_markup_mode="rich",
    help=(
        "Say what news texts assert about peace processes: milestones with their factuality, issues, tone.\n\n"
        "Without a command it reads texts and writes one JSON line each:\n\n"
        "  parley classify article.txt                 a plain text; its first line is the title\n\n"
        "  parley classify < texts.jsonl               JSON lines with id, date, title, text\n\n"
        "  parley classify --file texts.jsonl          the same from a file\n\n"
        "To see why: parley classify explain article.txt. To measure: parley classify evaluate gold.jsonl."
    ),
)

CataloguePath = Annotated[
    Path | None,
    typer.Option("--catalogue", help="A catalogue of processes in place of the one that ships.", dir_okay=False),
]


class _BadLineError(ValueError):
    """A line that holds no text; the message says what is wrong with it."""


@app.command(hidden=True)
def read(
    context: typer.Context,
    path: Annotated[Path | None, typer.Argument(help="A plain text; its first line is the title.")] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="JSON lines with id, date, title, text.")] = None,
    processes: CataloguePath = None,
) -> None:
    """Read texts from a file or standard input, write one JSON line for each."""
    if path is None and file is None and sys.stdin.isatty():
        typer.echo(context.parent.get_help() if context.parent else context.get_help())
        return
    reader = _Reader(processes)
    if path is not None:
        typer.echo(json.dumps(reader.read(_plain_text(path)), ensure_ascii=False))
        return
    bad = 0
    with _opened(file) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                answer = reader.read(_text(line))
            except _BadLineError as error:
                typer.echo(f"line {number}: {error}", err=True)
                bad += 1
            else:
                typer.echo(json.dumps(answer, ensure_ascii=False))
    if bad:
        raise typer.Exit(1)


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="A file (its first line is the title), or a text in quotation marks.")],
    html: Annotated[Path | None, typer.Option(help="Write it to this file, as a page for the browser.")] = None,
    processes: CataloguePath = None,
) -> None:
    """Show a text with the spans that say something coloured, and the reason for each beside it."""
    reader = _Reader(processes)
    path = Path(text)
    try:
        is_file = path.is_file()
    except OSError:  # a text may be longer than any file's name
        is_file = False
    row = _plain_text(path) if is_file else {"title": "", "text": text}
    found = pipeline.read(row["title"], row["text"], reader.catalogue, reader.lexicon)
    if html is None:
        explanation.show(found, row["title"], row["text"], Console())
        return
    page = Console(record=True, file=io.StringIO(), width=140)
    explanation.show(found, row["title"], row["text"], page)
    try:
        html.write_text(page.export_html(), encoding="utf-8")
    except OSError as error:
        typer.echo(f"{html}: cannot be written: {error.strerror}", err=True)
        raise typer.Exit(2) from error


@app.command()
def evaluate(
    gold: Annotated[Path, typer.Argument(help="Labelled JSON lines: id, title, text, milestones, issues, tone.")],
    processes: CataloguePath = None,
) -> None:
    """Measure precision, recall and F1 on labelled texts."""
    reader = _Reader(processes)
    pairs: list[tuple[dict[str, Any], dict[str, Any]]] = []
    with _opened(gold) as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    row = _text(line)
                except _BadLineError as error:
                    typer.echo(f"{gold}, line {number}: {error}", err=True)
                    raise typer.Exit(1) from error
                pairs.append((row, reader.read(row)))
    scores = score(pairs)
    table = Table("", "precision", "recall", "F1", "right", "wrong", "missed", title=f"{scores.texts} texts")
    for name, count in (*scores.rows.items(), ("in domain", scores.domain)):
        figures = (f"{figure:.3f}" for figure in (count.precision, count.recall, count.f1))
        table.add_row(name, *figures, str(count.right), str(count.wrong), str(count.missed))
    console = Console()
    console.print(table)
    console.print(f"tone macro-F1 {scores.tone_f1:.3f}")
    console.print(f"false alarms on texts where nothing is reached: {scores.alarms} of {scores.quiet}")


class _Reader:
    """Rules and catalogue, loaded once; a mistake in either is one sentence and exit status 2."""

    def __init__(self, path: Path | None) -> None:
        try:
            self.catalogue = catalogue.load(path)
            self.lexicon = lexicon.shipped()
        except (catalogue.CatalogueError, lexicon.LexiconError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from error

    def read(self, row: dict[str, Any]) -> dict[str, Any]:
        """The line that goes out for the line that came in."""
        found = pipeline.read(row["title"], row["text"], self.catalogue, self.lexicon, _day(row.get("date")))
        if found is None:
            return {
                "id": row.get("id"), "in_domain": False, "processes": [], "milestones": {}, "issues": {},
                "tone": "neutral", "tone_score": 0.0, "trace": [],
            }  # fmt: skip
        return {
            "id": row.get("id"),
            "in_domain": True,
            "processes": list(found.processes),
            "milestones": {code: one.factuality for code, one in pipeline.strongest(found.found).items()},
            "issues": {moved.issue: moved.direction for moved in found.moved},
            "tone": found.tone,
            "tone_score": found.tone_score,
            "trace": [str(considered) for considered in trace(found)],
        }


def _day(published: object) -> date | None:
    try:
        return datetime.fromisoformat(str(published)).astimezone(UTC).date() if published else None
    except (ValueError, OverflowError):
        return None


def _text(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _BadLineError(f"no JSON: {error}") from error
    if not isinstance(row, dict):
        raise _BadLineError("expected an object with id, date, title and text")
    for name in ("title", "text"):
        if not isinstance(row.get(name, ""), str):
            raise _BadLineError(f"{name} is {row[name]!r}, expected a string")
    if not row.get("title") and "text" not in row:
        raise _BadLineError("has neither title nor text")
    return {**row, "title": row.get("title", ""), "text": row.get("text", "")}


def _plain_text(path: Path) -> dict[str, Any]:
    with _opened(path) as lines:
        title, _, text = lines.read().lstrip().partition("\n")
    return {"id": path.name, "title": title.strip(), "text": text}


def _opened(path: Path | None) -> IO[str]:
    if path is None:
        return sys.stdin
    try:
        return path.open(encoding="utf-8", errors="replace")
    except OSError as error:
        typer.echo(f"{path}: cannot be read: {error.strerror}", err=True)
        raise typer.Exit(2) from error
