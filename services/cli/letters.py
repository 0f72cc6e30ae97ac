"""How dead letters look on a terminal, or as JSON. What strangers wrote is shown without its control characters."""

import json
import sys
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.deadletters import Letter, Original

console = Console()
_HEX_WIDTH: Final = 16


def facts(letter: Letter) -> dict[str, str | int | None]:
    """What is known of one failure, ready for JSON."""
    return {
        "position": letter.position,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "key": None if letter.key is None else _text(letter.key),
        "error": letter.error,
        "detail": letter.detail,
        "time": letter.time.isoformat(),
        "attempts": letter.attempts,
        "redriven": letter.redriven,
        "bytes": letter.size,
        "settled": letter.settled,
        "settled_at": letter.settled_at.isoformat() if letter.settled_at else None,
    }


def show_table(letters: Sequence[Letter]) -> None:
    """One row a letter; the position is never broken, so that it can be copied."""
    table = Table(box=None)
    table.add_column("topic/partition/offset", no_wrap=True)
    for heading in ("error", "detail", "time", "attempts", "redriven", "state"):
        table.add_column(heading, justify="right" if heading in {"attempts", "redriven"} else "left", overflow="fold")
    for letter in letters:
        counts = (str(letter.attempts), str(letter.redriven), letter.settled or "waits")
        words = (letter.error, letter.detail, f"{letter.time:%Y-%m-%d %H:%M:%S}", *counts)
        table.add_row(letter.position, *(Text(_plain(word)) for word in words))
    console.print(table)


def show_facts(letter: Letter) -> None:
    """Everything that is known of one failure."""
    for name, fact in facts(letter).items():
        _show_pair(name, "-" if fact is None else str(fact))


def show_original(kept: Original) -> None:
    """The headers and the value: JSON indented, anything else as bytes in hexadecimal beside their ASCII."""
    console.print("\n[bold]headers[/bold]")
    for name, raw in kept.headers:
        _show_pair(name, "null" if raw is None else _text(raw))
    console.print("\n[bold]value[/bold]")
    sys.stdout.write(_pretty(kept.value) + "\n")


def _show_pair(name: str, words: str) -> None:
    console.print(Text(f"{_plain(name):<17} ", style="dim") + Text(_plain(words)), soft_wrap=True)


def _plain(words: str) -> str:
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in words)


def _text(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")


def _pretty(value: bytes | None) -> str:
    if value is None:
        return "null (a tombstone)"
    try:
        lines = json.dumps(json.loads(value), indent=2, ensure_ascii=False).split("\n")
    except (ValueError, RecursionError):
        return "\n".join(
            _hexadecimal(start, value[start : start + _HEX_WIDTH]) for start in range(0, len(value), _HEX_WIDTH)
        )
    return "\n".join(map(_plain, lines))


def _hexadecimal(start: int, row: bytes) -> str:
    signs = "".join(chr(byte) if chr(byte).isascii() and chr(byte).isprintable() else "." for byte in row)
    return f"{start:08x}  {row.hex(' '):<{3 * _HEX_WIDTH}} {signs}"
