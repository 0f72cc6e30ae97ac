"""CloudEvents 1.0 over Kafka, binary content mode: attributes as ``ce_`` headers, the data as the value.

Source: CloudEvents 1.0.2 and its Kafka protocol binding, section 3.2. Encoding and strict validation are ours: the
official SDK invents missing ids, so it serves as the counterpart in the tests, never as the reader.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Generic, TypeVar

from pydantic import ValidationError

from shared.events import Event

CONTENT_TYPE: Final = "application/json"
SPECVERSION: Final = "1.0"

E = TypeVar("E", bound=Event)
Headers = Iterable[tuple[str, bytes | None]]

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What no attribute may contain (CloudEvents 1.0.2, section "Type System", String)."""

_READ: Final = frozenset(
    {"content-type", "traceparent"}
    | {f"ce_{name}" for name in ("specversion", "id", "source", "type", "time", "subject", "dataschema")}
    | {"ce_partitionkey", "ce_test"}
)
"""The headers that mean something here; others belong to somebody else and may hold anything."""


class Fault(StrEnum):
    """Why a record cannot be read; dead letters carry the name."""

    TOMBSTONE = "tombstone"
    MISSING_HEADER = "missing_header"
    NULL_HEADER = "null_header"
    HEADER_NOT_UTF8 = "header_not_utf8"
    INVALID_HEADER = "invalid_header"
    UNSUPPORTED_SPECVERSION = "unsupported_specversion"
    UNSUPPORTED_CONTENT_TYPE = "unsupported_content_type"
    UNEXPECTED_TYPE = "unexpected_type"
    UNSUPPORTED_SCHEMA = "unsupported_schema"
    BROKEN_JSON = "broken_json"
    INVALID_DATA = "invalid_data"


class UndecodableError(Exception):
    """A record that no retry will make readable.

    Attributes:
        fault: the name of what is wrong.
        detail: where, in words.

    """

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True)
class CloudEvent(Generic[E]):
    """One event with the attributes of its envelope.

    ``source`` is the service that wrote it (``/parley/ingest``), never the feed; ``source`` + ``id`` is the
    deduplication key. ``test`` marks drills and heartbeats, which never touch real state.
    """

    id: str
    source: str
    time: datetime
    key: str
    data: E
    subject: str | None = None
    test: bool = False
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class KafkaMessage:
    """What goes over the wire."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def type_of(event: type[Event]) -> str:
    """The ``ce_type`` of an event class: its name and major version."""
    return f"{event.TYPE}.v{event.VERSION.split('.')[0]}"


def dataschema_of(event: type[Event]) -> str:
    """The URN of the JSON Schema that an event class is written by."""
    return f"urn:parley:schema:{event.TYPE}:{event.VERSION}"


def encode(event: CloudEvent[E]) -> KafkaMessage:
    """Write one event in binary mode.

    Raises:
        ValueError: where the envelope could not be read back: an empty id, source or key, a control character, a time
            without offset. The data was checked when it was made.

    """
    if event.time.tzinfo is None:
        raise ValueError(f"the time {event.time} of event {event.id!r} has no offset")
    attributes = {
        "ce_specversion": SPECVERSION,
        "ce_id": event.id,
        "ce_source": event.source,
        "ce_type": type_of(type(event.data)),
        "ce_time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_dataschema": dataschema_of(type(event.data)),
        "ce_partitionkey": event.key,
        "content-type": CONTENT_TYPE,
    }
    if event.subject is not None:
        attributes["ce_subject"] = event.subject
    if event.test:
        attributes["ce_test"] = "true"
    if event.traceparent is not None:
        attributes["traceparent"] = event.traceparent
    for name, text in attributes.items():
        if not text or _CONTROL.search(text):
            raise ValueError(f"{name} is {text!r}, expected some text without control characters")
    return KafkaMessage(
        key=event.key.encode(),
        value=event.data.model_dump_json().encode(),
        headers=tuple((name, value.encode()) for name, value in attributes.items()),
    )


def decode(expected: tuple[type[E], ...], headers: Headers, value: bytes | None) -> CloudEvent[E]:
    """Read one event strictly.

    Args:
        expected: the event classes that may come on this topic.
        headers: as the client library gives them; those that are not of the envelope are left alone.
        value: the record's value.

    Raises:
        UndecodableError: with the name of the fault; no retry will help.

    """
    if value is None:
        raise UndecodableError(Fault.TOMBSTONE, "the record has no value")
    texts = _texts(headers)
    model = _model(expected, texts)
    test = texts.get("ce_test", "false")
    if test not in {"true", "false"}:
        raise UndecodableError(Fault.INVALID_HEADER, f"ce_test is {test!r}, expected 'true' or 'false'")
    try:
        data = model.model_validate_json(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        fault = Fault.BROKEN_JSON if first["type"] == "json_invalid" else Fault.INVALID_DATA
        where = ".".join(map(str, first["loc"])) or "value"
        raise UndecodableError(fault, f"{where}: {first['msg']}") from error
    return CloudEvent(
        id=_required(texts, "ce_id"),
        source=_required(texts, "ce_source"),
        time=_time(_required(texts, "ce_time")),
        key=_required(texts, "ce_partitionkey"),
        data=data,
        subject=texts.get("ce_subject"),
        test=test == "true",
        traceparent=texts.get("traceparent"),
    )


def _texts(headers: Headers) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, raw in headers:
        if name not in _READ:
            continue
        if raw is None:
            raise UndecodableError(Fault.NULL_HEADER, f"{name} is null")
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise UndecodableError(Fault.HEADER_NOT_UTF8, f"{name} is not UTF-8") from error
        if _CONTROL.search(text):
            raise UndecodableError(Fault.INVALID_HEADER, f"{name} contains a control character")
        texts[name] = text
    return texts


def _required(texts: Mapping[str, str], name: str) -> str:
    if name not in texts:
        raise UndecodableError(Fault.MISSING_HEADER, f"{name} is missing")
    if not texts[name]:
        raise UndecodableError(Fault.INVALID_HEADER, f"{name} is empty")
    return texts[name]


def _model(expected: tuple[type[E], ...], texts: Mapping[str, str]) -> type[E]:
    if (version := _required(texts, "ce_specversion")) != SPECVERSION:
        raise UndecodableError(Fault.UNSUPPORTED_SPECVERSION, f"ce_specversion is {version!r}, expected {SPECVERSION}")
    content_type = _required(texts, "content-type")
    if content_type.split(";")[0].strip().lower() != CONTENT_TYPE:
        raise UndecodableError(Fault.UNSUPPORTED_CONTENT_TYPE, f"content-type is {content_type!r}")
    name = _required(texts, "ce_type")
    for model in expected:
        if type_of(model) == name:
            break
    else:
        raise UndecodableError(
            Fault.UNEXPECTED_TYPE, f"ce_type is {name!r}, expected {' or '.join(map(type_of, expected))}"
        )
    prefix, _, schema = _required(texts, "ce_dataschema").rpartition(":")
    major = model.VERSION.split(".")[0]
    if prefix != f"urn:parley:schema:{model.TYPE}" or schema.split(".")[0] != major:
        raise UndecodableError(
            Fault.UNSUPPORTED_SCHEMA, f"ce_dataschema is {texts['ce_dataschema']!r}, expected {dataschema_of(model)}"
        )
    return model


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UndecodableError(Fault.INVALID_HEADER, f"ce_time is {text!r}, expected an RFC 3339 time") from error
    if moment.tzinfo is None:
        raise UndecodableError(Fault.INVALID_HEADER, f"ce_time {text!r} has no offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise UndecodableError(Fault.INVALID_HEADER, f"ce_time {text!r} lies outside the years 1 to 9999") from error
