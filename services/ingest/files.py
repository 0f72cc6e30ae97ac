"""Texts from files: JSON Lines, or one JSON array; streamed, so that a file may be larger than the memory."""

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, Final

from pydantic_core import from_json

from services.ingest.inputs import NewsIn, Rejected, read

MAX_ENTRY_BYTES: Final = 2 * 1024 * 1024
"""One line or array element; a text of 256 KiB needs at most that, with every character escaped."""

_CHUNK: Final = 64 * 1024
_SPACE: Final = " \t\r\n"
_DECODER: Final = json.JSONDecoder()
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2}([-_][A-Za-z0-9_-]{1,20})?")

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "url": ("url", "link", "href"),
    "id": ("id", "guid"),
    "published_at": ("published_at", "published", "date", "pubDate", "pub_date", "datetime", "created_at", "updated"),
    "publisher": ("publisher", "source", "outlet", "domain"),
    "title": ("title", "headline"),
    "text": ("text", "body", "content", "description", "summary"),
    "language": ("language", "lang"),
}
"""What the fields of a text are called in the wild; the first that is there and not empty counts."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a file: the line that it starts on, and the text or why there is none."""

    line: int
    item: NewsIn | Rejected


def read_texts(stream: BufferedReader) -> Iterator[Entry]:
    """Read every entry, good or bad; empty lines are passed over.

    A broken line costs itself only; behind a broken element of an array nothing can be read, and the last entry says
    so.
    """
    start = stream.peek(_CHUNK).removeprefix(codecs.BOM_UTF8).lstrip()
    return _array(stream) if start[:1] == b"[" else _lines(stream)


def _lines(stream: BufferedReader) -> Iterator[Entry]:
    number = 0
    while line := stream.readline(MAX_ENTRY_BYTES + 1):
        number += 1
        if len(line) > MAX_ENTRY_BYTES:
            while line and not line.endswith(b"\n"):
                line = stream.readline(_CHUNK)
            yield Entry(number, Rejected(f"the line is longer than {MAX_ENTRY_BYTES} bytes"))
            continue
        line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        if line.strip():
            yield Entry(number, _parsed(line))


def _parsed(line: bytes) -> NewsIn | Rejected:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return Rejected(f"not UTF-8 at byte {error.start + 1}")
    try:
        raw = from_json(line)
    except ValueError as error:
        return Rejected(f"broken JSON: {str(error).replace('line 1 column', 'column')}")
    return read(NewsIn, as_news(raw))


def _array(stream: BufferedReader) -> Iterator[Entry]:
    window = _Window(stream)
    try:
        window.next_character(skipping=_SPACE)
        window.position += 1  # the opening bracket
        while (character := window.next_character(skipping=_SPACE + ",")) != "]":
            if not character:
                yield Entry(window.line, Rejected("the array has no end; was the file cut off?"))
                return
            line = window.line
            yield Entry(line, read(NewsIn, as_news(window.element())))
        window.position += 1
        if window.next_character(skipping=_SPACE):
            yield Entry(window.line, Rejected("something follows the array, and was not read"))
    except ValueError as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else f"broken JSON: {error}"
        yield Entry(window.line, Rejected(f"{reason}; the rest of the array was not read"))


class _Window:
    """The part of a long JSON text that is being decoded."""

    def __init__(self, stream: BufferedReader) -> None:
        self.line = 1
        self.position = 0
        self._text = ""
        self._stream = stream
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()

    def next_character(self, *, skipping: str) -> str:
        """The next character that is none of these; empty at the end."""
        while True:
            for character in self._text[self.position : self.position + 1]:
                if character not in skipping:
                    return character
                self.line += character == "\n"
                self.position += 1
            if self.position == len(self._text) and not self._read_on():
                return ""

    def element(self) -> Any:  # noqa: ANN401 - any JSON value
        """Decode one value; one that is not complete yet is decoded again when more of it was read."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self.position)
            except RecursionError:
                raise ValueError("nested too deeply") from None
            except ValueError:
                if len(self._text) - self.position > MAX_ENTRY_BYTES or not self._read_on():
                    raise
                continue
            self.line += self._text.count("\n", self.position, end)
            self.position = end
            return value

    def _read_on(self) -> bool:
        chunk = self._stream.read(_CHUNK)
        self._text = self._text[self.position :] + self._utf8.decode(chunk, final=not chunk)
        self.position = 0
        return bool(chunk)


def as_news(raw: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A text under the names that ``NewsIn`` has, without other fields; what is no object stays as it is."""
    if not isinstance(raw, dict):
        return raw
    fields = {}
    for name, aliases in ALIASES.items():
        present = [alias for alias in aliases if raw.get(alias) is not None]
        if present:
            fields[name] = raw[next((alias for alias in present if raw[alias] != ""), present[0])]
    if not (isinstance(language := fields.get("language"), str) and _LANGUAGE.fullmatch(language)):
        fields.pop("language", None)  # "English", "eng": it is found by itself
    return fields
