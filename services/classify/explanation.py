"""A text with what was read in it marked, and the reasons beside it, for the terminal."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.classify.pipeline import Reading, strongest
from services.classify.signals import Found
from shared.vocabulary import Factuality

_STYLES: Final[Mapping[Factuality, str]] = MappingProxyType(
    {
        Factuality.REACHED: "bold green",
        Factuality.CLAIMED: "yellow",
        Factuality.PROSPECTIVE: "cyan",
        Factuality.NEGATED: "red",
    }
)


def show(reading: Reading | None, title: str, text: str, console: Console) -> None:
    """Print a text and why it was read as it was."""
    fields = {"title": Text(title, style="bold"), "text": Text(text)}
    if reading is None:
        console.print(fields["title"], fields["text"], "", "Outside the domain: no conflict, no diplomacy.", sep="\n")
        return
    for one in reading.found:
        start, end = one.sentence.starts[one.match.first], one.sentence.ends[one.match.last]
        fields[one.sentence.field].stylize(f"{_STYLES[one.factuality]} underline", start, end)
    console.print(fields["title"], fields["text"], "", sep="\n")
    named = (f"{process} ({', '.join(words)})" for process, words in reading.processes.items())
    console.print(Text(f"Processes: {'; '.join(named) or 'none of the catalogue'}"))
    console.print(Text(f"Tone: {reading.tone} ({reading.tone_score:+.2f})"))
    console.print(_signals(reading), _movements(reading), sep="\n")


def _signals(reading: Reading) -> Table:
    table = Table("code", "factuality", "because", "words", "at", title="Signals")
    deciding = set(map(id, strongest(reading.found).values()))
    for one in reading.found:
        start = one.sentence.starts[one.match.first]
        table.add_row(
            Text(one.code, style="bold" if id(one) in deciding else "dim"),
            Text(one.factuality, style=_STYLES[one.factuality]),
            Text(_because(one)),
            Text(one.sentence.quote(one.match.first, one.match.last)),
            f"{one.sentence.field} {start}",
        )
    return table


def _because(one: Found) -> str:
    cue = f'{one.mood}: "{one.cue}"' if one.cue else str(one.mood)
    return f"{cue}, says {one.speech.says}" if one.speech else cue


def _movements(reading: Reading) -> Table:
    table = Table("issue", "direction", "because", "words", title="Issues")
    for moved in reading.moved:
        quote = moved.sentence.quote(moved.match.first, moved.match.last)
        table.add_row(moved.issue, moved.direction, Text(moved.cue), Text(quote))
    return table
