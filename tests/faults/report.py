"""The table at the end."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass
class Row:
    """What one fault came to; where a column does not apply it is empty."""

    fault: str
    times: int
    texts: int | str = ""
    accounted: int | str = ""
    again: str = ""
    recovery: str = ""
    truth: str = ""
    note: str = ""


def show(rows, seed, seconds):
    table = Table(title=f"make faults: seed {seed}, {seconds:.0f} s", show_lines=True)
    table.add_column("fault")
    for heading in ("times", "texts", "accounted for"):
        table.add_column(heading, justify="right")
    table.add_column("seen again, same id")
    table.add_column("seconds to recover\nmedian / worst")
    table.add_column("readiness\ntold the truth")
    table.add_column("beside it")
    for row in rows:
        cells = (row.fault, row.times, row.texts, row.accounted, row.again, row.recovery, row.truth, row.note)
        table.add_row(*map(str, cells))
    console = Console(width=max(150, Console().width))
    console.print()
    console.print(table)


def spread(seconds):
    """Median and worst."""
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2]:.1f} / {ordered[-1]:.1f}"
