"""Are the stored schemas in step with the models? For the command line and the tests; needs the group ``dev``."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import jsoncompat
from jsonschema import Draft202012Validator

from shared.events import EVENTS, Event
from shared.schemas import FOLDER, Schema, frozen, path_of, schema_of, stored


def problems(events: Sequence[type[Event]] = EVENTS, *, released: bool, folder: Path = FOLDER) -> list[str]:
    """What is wrong, one sentence each; empty where all is well."""
    return [sentence for event in events for sentence in _problems_of(event, released, folder)]


def _problems_of(event: type[Event], released: bool, folder: Path) -> Iterator[str]:
    known, now = stored(event, folder), schema_of(event)
    name = path_of(event, folder).relative_to(folder).as_posix()
    if event.VERSION not in known:
        yield f"{name} is missing: run `python -m shared.schemas`."
    elif known[event.VERSION] != now:
        again = f"{name} differs from the model {event.__name__}: run `python -m shared.schemas`."
        yield frozen(event) if released else again
    elif list(known)[-1] != event.VERSION:
        yield f"{event.TYPE}/{list(known)[-1]}.json is newer than {event.__name__}.VERSION, {event.VERSION}."
    for error in chain.from_iterable(map(Draft202012Validator(now).iter_errors, now["examples"])):
        yield f"An example of {event.__name__} does not fit its schema: {error.message}."
    major, minor = event.VERSION.split(".")
    for version, old in known.items():
        if version in {f"{major}.{earlier}" for earlier in range(int(minor))}:
            for reason in breaks(old, now):
                yield f"{event.__name__} cannot read every event of {event.TYPE}/{version}.json: {reason}."


def breaks(old: Schema, new: Schema) -> list[str]:
    """Why a reader of ``new`` could not read each event that was written by ``old``; empty where it can.

    Both are compared closed (no unknown fields), as their writers are: a field that is dropped counts as a break too,
    because a minor version only adds.
    """
    closed_old, closed_new = (
        _closed({name: value for name, value in schema.items() if name not in {"$id", "examples"}})
        for schema in (old, new)
    )
    reasons = [f"{where} is stricter" for where in _stricter(closed_old, closed_new, "")]
    if not jsoncompat.check_compat(json.dumps(closed_old), json.dumps(closed_new), "deserializer"):
        reasons.append("a field was dropped, added as required or narrowed")
    return reasons


def _closed(schema: Schema) -> Schema:
    def close(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, list):
            return [close(item) for item in value]
        return _closed(value) if isinstance(value, dict) else value

    closed = {name: close(value) for name, value in schema.items()}
    return closed | {"additionalProperties": False} if closed.get("type") == "object" else closed


def _stricter(old: object, new: object, where: str) -> Iterator[str]:
    """The places of a new ``pattern`` or ``format``, which jsoncompat 0.3 does not compare."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in new.items():
            if name in {"pattern", "format"} and isinstance(value, str) and old.get(name) != value:
                yield f"{where}/{name}"
            yield from _stricter(old.get(name), value, f"{where}/{name}")
    elif isinstance(old, list) and isinstance(new, list):
        for number, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from _stricter(before, after, f"{where}/{number}")
