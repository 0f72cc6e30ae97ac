"""The JSON Schema (draft 2020-12) of every event, generated from the models and checked in beside this file.

``python -m shared.schemas`` writes ``<type>/<version>.json``, ``--check`` says what is out of step. A file never
changes once 0.1.0 is in the changelog: a changed model then gets the next minor version, and so a file of its own.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from shared.cloudevents import dataschema_of
from shared.events import EVENTS, Event
from shared.schemas.examples import EXAMPLES

FOLDER: Final = Path(__file__).parent
CHANGELOG: Final = FOLDER.parents[1] / "CHANGELOG.md"

Schema = dict[str, Any]


class FrozenSchemaError(Exception):
    """A released schema would have to change."""


def schema_of(event: type[Event]) -> Schema:
    """The schema of an event as its model is now: what a reader accepts; unknown fields are allowed and ignored."""
    schema = event.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": dataschema_of(event),
        **schema,
        "examples": [example.model_dump(mode="json") for example in EXAMPLES if type(example) is event],
    }


def path_of(event: type[Event], folder: Path = FOLDER) -> Path:
    """Where the schema of the event's present version lies."""
    return folder / event.TYPE / f"{event.VERSION}.json"


def stored(event: type[Event], folder: Path = FOLDER) -> dict[str, Schema]:
    """Every stored schema of an event by its version, oldest first."""
    files = (folder / event.TYPE).glob("*.json")
    versions = sorted((path.stem for path in files), key=lambda name: tuple(map(int, name.split("."))))
    return {name: json.loads((folder / event.TYPE / f"{name}.json").read_text("utf-8")) for name in versions}


def is_released(changelog: str) -> bool:
    """Whether the changelog has its 0.1.0, from which on schemas are immutable."""
    return re.search(r"^##\s+\[?v?0\.1\.0\b", changelog, re.MULTILINE) is not None


def frozen(event: type[Event]) -> str:
    """The sentence for a model that left its released schema."""
    major, minor = event.VERSION.split(".")
    return (
        f"{event.TYPE}/{event.VERSION}.json is released and never changes, but the model differs: "
        f'set {event.__name__}.VERSION = "{major}.{int(minor) + 1}" and run `python -m shared.schemas`.'
    )


def write(events: Sequence[type[Event]] = EVENTS, *, released: bool, folder: Path = FOLDER) -> list[Path]:
    """Write the schemas that are new or changed, and return their paths.

    Raises:
        FrozenSchemaError: a released schema differs from its model.

    """
    changed = [event for event in events if stored(event, folder).get(event.VERSION) != schema_of(event)]
    for event in changed:
        if released and path_of(event, folder).exists():
            raise FrozenSchemaError(frozen(event))
    for event in changed:
        path = path_of(event, folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(schema_of(event), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return [path_of(event, folder) for event in changed]
