"""How a measurement is told: a table, JSON and a picture under ``bench/results/``, and ``ratio NAME VALUE`` lines."""

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

RESULTS: Final = Path(__file__).parent / "results"
Row = Mapping[str, float]


def report(name: str, about: str, rows: Sequence[Row], ratios: Mapping[str, float], *, picture: Sequence[str]) -> None:
    """Print and keep one measurement.

    Args:
        name: of the benchmark.
        about: what is measured against what, in one line.
        rows: one per size; the first column is the size.
        ratios: by name; the last lines that are printed.
        picture: the columns that are drawn over the first.

    """
    console = Console()
    console.print(f"[bold]{name}[/bold]: {about}")
    table = Table(box=None)
    for heading in rows[0]:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*(f"{value:,.6g}" for value in row.values()))
    console.print(table)
    RESULTS.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    kept = {"name": name, "about": about, "rows": [dict(row) for row in rows], "ratios": dict(ratios), **machine}
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n")
    _draw(name, about, rows, picture)
    print(f"written: {RESULTS / name}.json and .png")
    for ratio, value in ratios.items():
        print(f"ratio {ratio} {value:.3f}")


def _draw(name: str, about: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
    import matplotlib as mpl  # noqa: PLC0415 - heavy, and only needed at the end

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the backend was chosen

    first = next(iter(rows[0]))
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for column in columns:
        axes.plot([row[first] for row in rows], [row[column] for row in rows], marker="o", label=column)
    axes.set(xlabel=first, title=about, xscale="log")
    axes.set_ylim(bottom=0)
    axes.title.set_fontsize(9)
    axes.legend()
    figure.savefig(RESULTS / f"{name}.png", dpi=110)
    plt.close(figure)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
