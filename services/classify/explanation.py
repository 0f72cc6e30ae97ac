"""A text with what was read in it coloured, and the reasons beside it: for the terminal, and as HTML."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from services.classify.pipeline import Reading, strongest
from services.classify.signals import Found
from services.classify.trace import trace
from shared.vocabulary import Factuality

_STYLES: Final[Mapping[Factuality, str]] = MappingProxyType(
    {
        Factuality.REACHED: "bold green",
        Factuality.CLAIMED: "yellow",
        Factuality.PROSPECTIVE: "cyan",
        Factuality.NEGATED: "red",
    }
)
_CUE: Final = "italic magenta"


def show(reading: Reading | None, title: str, text: str, console: Console) -> None:
    """Print a text and, beside it, why it was read as it was."""
    fields = {"title": Text(title, style="bold"), "text": Text(text)}
    if reading is None:
        console.print(fields["title"], fields["text"], "", "Outside the domain: no conflict, no diplomacy.", sep="\n")
        return
    for one in reading.found:
        start, end = one.sentence.starts[one.match.first], one.sentence.ends[one.match.last]
        fields[one.sentence.field].stylize(f"{_STYLES[one.factuality]} underline", start, end)
        if one.cue:
            fields[one.sentence.field].stylize(_CUE, one.cue_at, one.cue_at + len(one.cue))
    sides = Table.grid(padding=(0, 2), expand=True)
    sides.add_column(ratio=3)
    sides.add_column(ratio=2)
    sides.add_row(Group(fields["title"], fields["text"]), Group(*_reasons(reading)))
    console.print(sides)


def _reasons(reading: Reading) -> Iterator[Text]:
    named = (f"{process} ({', '.join(words)})" for process, words in reading.processes.items())
    yield Text(f"Processes: {'; '.join(named) or 'none of the catalogue'}")
    yield Text(f"Tone: {reading.tone} ({reading.tone_score:+.2f})")
    yield Text("\nSignals", style="bold")
    for one in strongest(reading.found).values():
        yield Text.assemble((f"{one.code} {one.factuality}", _STYLES[one.factuality]), f": {_because(one)}")
    yield Text("\nIssues", style="bold")
    for moved in reading.moved:
        words = moved.sentence.quote(moved.match.first, moved.match.last)
        cue = f', by "{moved.cue}"' if moved.cue else ""
        yield Text(f'{moved.issue} {moved.direction}: "{words}"{cue}')
    yield Text("\nConsidered, not reached", style="bold")
    for considered in trace(reading):
        yield Text(str(considered), style="dim")


def _because(one: Found) -> str:
    words = one.sentence.quote(one.match.first, one.match.last)
    cue = f'{one.mood} by "{one.cue}"' if one.cue else str(one.mood)
    says = f", says {one.speech.says}" if one.speech else ""
    return f'"{words}" ({one.sentence.field}, offset {one.sentence.starts[one.match.first]}), {cue}{says}'
