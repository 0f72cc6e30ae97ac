"""Dead letters: records that no retry will make readable, kept with what is needed to send them again.

A dead letter has the original value unchanged, the original key and headers as ``dl_key`` and ``dl_header_…`` (base64,
since they may be the very thing that is broken), and headers that say where it came from and why it failed. It is keyed
by the original's position, so that a letter written twice after a crash is one. What is too large for that, or could
not be read at all, is withheld: such a letter only says where the original lies.

A letter that was dealt with stays, since a log forgets nothing before its time: a marker follows it in the same
partition, with the same key, no value, and ``dl_settled`` (``redriven`` or ``discarded``) and ``dl_time``. Neither asks
for a consumer group or a database. This module is the format; ``redrive.py`` reads and writes topics of it.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from aiokafka import ConsumerRecord

from shared.cloudevents import KafkaMessage
from shared.topics import MAX_DEAD_LETTER_BYTES

Header = tuple[str, bytes | None]

REDRIVEN: Final = "dl_redriven"
"""The header of a redriven original that counts how often it was sent again; a letter of it knows by this."""

_ORIGINAL: Final = "dl_header_"
_NULL: Final = b"-"  # a header without value: no base64 text
_MOST_BYTES: Final = MAX_DEAD_LETTER_BYTES - 4096
_LONGEST_KEY: Final = 1024  # that a letter without the original still carries
_TOPIC: Final = re.compile(r"[a-zA-Z0-9._-]{1,249}")  # as org.apache.kafka.common.internals.Topic has it


class NotALetterError(ValueError):
    """A record of a dead-letter topic that is neither letter nor marker: somebody else wrote it."""


class Settled(StrEnum):
    """How a letter was dealt with."""

    REDRIVEN = "redriven"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a dead letter says about its original, without the original itself.

    Attributes:
        at: partition and offset of the letter itself.
        attempts: how often the original was tried.
        redriven: how often it had been sent again before it failed this time.
        size: the bytes of the original's value.
        withheld: the letter does not hold the original, only its position.
        digest: tells apart two originals of one position, as where a topic was deleted and made again.

    """

    at: tuple[int, int]
    topic: str
    partition: int
    offset: int
    error: str
    detail: str
    time: datetime
    attempts: int
    redriven: int
    size: int
    key: bytes | None
    tombstone: bool
    withheld: bool
    digest: str
    settled: Settled | None = None
    settled_at: datetime | None = None

    @property
    def position(self) -> str:
        """``topic/partition/offset`` of the original; names the letter."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Original:
    """A record as it was consumed, byte for byte."""

    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]

    def again(self, redriven: int) -> "Original":
        """The same record with the header that counts its redrives."""
        others = tuple((name, raw) for name, raw in self.headers if name != REDRIVEN)
        return replace(self, headers=(*others, (REDRIVEN, str(redriven).encode())))


def dead_letter(
    record: ConsumerRecord, *, error: str, detail: str, attempts: int, now: datetime, withheld: bool = False
) -> KafkaMessage:
    """The letter for one record.

    Args:
        record: as it was consumed.
        error: the name of the fault or exception.
        detail: what was wrong, in words.
        attempts: how often it was tried.
        now: when it was given up.
        withheld: the record's content is not known.

    """
    position = f"{record.topic}/{record.partition}/{record.offset}"
    says = [
        ("dl_topic", record.topic.encode()),
        ("dl_partition", str(record.partition).encode()),
        ("dl_offset", str(record.offset).encode()),
        ("dl_error", error.encode(errors="replace")),
        ("dl_detail", detail[:2000].encode(errors="replace")),
        ("dl_attempts", str(attempts).encode()),
        ("dl_time", now.isoformat().encode()),
        ("dl_tombstone", str(record.value is None and not withheld).lower().encode()),
    ]
    key = [("dl_key", b64encode(record.key))] if record.key is not None else []
    originals = [(f"{_ORIGINAL}{name}", b64encode(raw) if raw is not None else _NULL) for name, raw in record.headers]
    value = record.value or b""
    headers = [*says, *key, *originals]
    if withheld or len(value) + sum(len(name.encode()) + len(raw) for name, raw in headers) > _MOST_BYTES:
        short_key = key if record.key is not None and len(record.key) <= _LONGEST_KEY else []
        headers = [*says, *short_key, ("dl_withheld", str(len(value)).encode())]
        value = b""
    return KafkaMessage(key=position.encode(), value=value, headers=tuple(headers))


def marker(settled: Settled, now: datetime) -> tuple[Header, ...]:
    """The headers of the record that settles a letter; its key is the letter's, its value null."""
    return ("dl_settled", settled.value.encode()), ("dl_time", now.isoformat().encode())


def read_letter(record: ConsumerRecord) -> Letter:
    """What one record of a dead-letter topic says, if it is a letter (else ``NotALetterError``)."""
    own = _own(record.headers)
    try:
        topic, partition, offset = _position(record)
        return Letter(
            at=(record.partition, record.offset),
            topic=topic,
            partition=partition,
            offset=offset,
            error=own["dl_error"],
            detail=own["dl_detail"],
            time=_time(own),
            attempts=int(own["dl_attempts"]),
            redriven=_redriven(original(record).headers),
            size=int(own.get("dl_withheld", len(record.value or b""))),
            key=original(record).key,
            tombstone=own["dl_tombstone"] == "true",
            withheld="dl_withheld" in own,
            digest=_digest(record),
        )
    except (KeyError, ValueError) as error:
        raise NotALetterError(f"the record {record.partition}/{record.offset} is no dead letter: {error!r}") from error


def original(record: ConsumerRecord) -> Original:
    """The original that a letter holds; ``ValueError`` where a header is not what was written there."""
    own = _own(record.headers)
    return Original(
        key=b64decode(own["dl_key"], validate=True) if "dl_key" in own else None,
        value=None if own.get("dl_tombstone") == "true" else record.value,
        headers=tuple(
            (name.removeprefix(_ORIGINAL), None if raw in {None, _NULL} else b64decode(raw, validate=True))
            for name, raw in record.headers
            if name.startswith(_ORIGINAL)
        ),
    )


@dataclass(slots=True)
class Letters:
    """The letters of a dead-letter topic by their position, folded from its records in the order of each partition.

    Attributes:
        by_position: every letter that is kept, settled ones too, without the originals.
        strange: how many records are neither letter nor marker.

    """

    by_position: dict[str, Letter] = field(default_factory=dict)
    strange: int = 0

    def add(self, records: Iterable[ConsumerRecord]) -> None:
        """Fold in the next records of a partition."""
        for record in records:
            try:
                self._add(record)
            except NotALetterError:
                self.strange += 1

    def _add(self, record: ConsumerRecord) -> None:
        own = _own(record.headers)
        if "dl_settled" not in own:
            letter = read_letter(record)
            if self.by_position.setdefault(letter.position, letter).digest != letter.digest:
                self.by_position[letter.position] = letter
            return
        try:
            settled, moment = Settled(own["dl_settled"]), _time(own)
        except (KeyError, ValueError) as error:
            raise NotALetterError(f"a marker cannot be read: {error!r}") from error
        if letter_of_it := self.by_position.get((record.key or b"").decode(errors="replace")):  # else it was forgotten
            self.by_position[letter_of_it.position] = replace(letter_of_it, settled=settled, settled_at=moment)


def _own(headers: Sequence[Header]) -> dict[str, str]:
    return {
        name: (raw or b"").decode(errors="replace")
        for name, raw in headers
        if name.startswith("dl_") and not name.startswith(_ORIGINAL)
    }


def _position(record: ConsumerRecord) -> tuple[str, int, int]:
    topic, partition, offset = (record.key or b"").decode().split("/")
    if not _TOPIC.fullmatch(topic):
        raise ValueError(f"{topic!r} is no topic")
    return topic, int(partition), int(offset)


def _time(own: dict[str, str]) -> datetime:
    moment = datetime.fromisoformat(own["dl_time"])
    if moment.tzinfo is None:
        raise ValueError("dl_time has no offset")
    return moment


def _redriven(headers: Iterable[Header]) -> int:
    count = dict(headers).get(REDRIVEN) or b""
    return int(count) if count.isdigit() and len(count) < 9 else 0  # noqa: PLR2004 - no count of ours is longer


def _digest(record: ConsumerRecord) -> str:
    digest = hashlib.sha256(record.value or b"")
    for name, raw in record.headers:
        if name.startswith(_ORIGINAL) or name == "dl_key":
            digest.update(f"\0{name}\0".encode() + (raw or b""))
    return digest.hexdigest()
