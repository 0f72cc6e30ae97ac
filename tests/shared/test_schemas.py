import json
import subprocess
import sys
from typing import ClassVar, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import create_model

from shared.events import EVENTS, Event, Moment, Name, Text
from shared.schemas import CHANGELOG, FrozenSchemaError, is_released, path_of, schema_of, stored, write
from shared.schemas.check import breaks, problems
from tests import golden


class Rumour(Event):
    """Something that is said."""

    TYPE: ClassVar[str] = "parley.rumour.heard"
    VERSION: ClassVar[str] = "1.0"

    words: Text
    mood: Literal["dark", "bright"] = "dark"
    heard_at: Moment | None = None


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A schema folder that holds the first version of ``Rumour``."""
    monkeypatch.setattr("shared.schemas.EXAMPLES", (Rumour(words="They will meet."),))
    write([Rumour], released=False, folder=tmp_path)
    return tmp_path


def rumour(version="1.0", base=Rumour, **fields):
    """The model after a change: ``name=(type, default)`` per field that is new or other."""
    model = create_model("Rumour", __base__=base, __doc__=Rumour.__doc__, **fields)
    model.TYPE, model.VERSION = Rumour.TYPE, version
    return model


def test_the_stored_schemas_are_in_step_with_the_models():
    released = CHANGELOG.exists() and is_released(CHANGELOG.read_text("utf-8"))
    assert problems(released=released) == []


def test_the_command_says_that_all_is_well():
    run = subprocess.run(
        [sys.executable, "-m", "shared.schemas", "--check"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TYPE)
def test_a_schema_is_valid_named_described_and_shows_an_example_that_fits(event):
    schema = schema_of(event)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:parley:schema:{event.TYPE}:{event.VERSION}"
    assert schema["title"] == event.__name__
    assert schema["description"]
    assert schema["examples"]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TYPE)
def test_todays_model_reads_the_examples_of_every_stored_schema(event):
    for schema in stored(event).values():
        for example in schema["examples"]:
            assert event.model_validate_json(json.dumps(example))


@pytest.mark.parametrize("event", golden.EVENTS, ids=lambda event: event.data.TYPE)
def test_the_records_on_the_wire_fit_their_schema(event):
    Draft202012Validator(schema_of(type(event.data))).validate(json.loads(golden.read(golden.path_of(event)).value))


def test_a_released_version_is_recognised_by_its_heading():
    assert is_released("# Changelog\n\n## [0.1.0] - 2026-04-01\n")
    assert is_released("## 0.1.0\n")
    assert not is_released("# Changelog\n\n## [Unreleased]\n\nSoon 0.1.0.\n")
    assert not is_released("## 0.1.01\n")


def test_a_missing_schema_is_named(tmp_path):
    assert problems([EVENTS[0]], released=False, folder=tmp_path) == [
        "parley.news.published/1.0.json is missing: run `python -m shared.schemas`."
    ]


def test_before_the_release_a_changed_model_is_written_over_its_schema(folder):
    changed = rumour(place=(Text, ...))
    assert problems([changed], released=False, folder=folder) == [
        "parley.rumour.heard/1.0.json differs from the model Rumour: run `python -m shared.schemas`."
    ]
    write([changed], released=False, folder=folder)
    assert problems([changed], released=False, folder=folder) == []


def test_after_the_release_a_changed_model_needs_the_next_minor_version(folder):
    changed, before = rumour(place=(Text, ...)), path_of(Rumour, folder).read_bytes()
    with pytest.raises(FrozenSchemaError, match=r'released and never changes.*VERSION = "1\.1"'):
        write([changed], released=True, folder=folder)
    assert path_of(Rumour, folder).read_bytes() == before
    assert 'VERSION = "1.1"' in problems([changed], released=True, folder=folder)[0]


def test_a_next_minor_version_that_reads_all_that_was_written_is_welcome(folder):
    later = rumour("1.1", place=(Text | None, None))
    assert write([later], released=True, folder=folder) == [folder / "parley.rumour.heard/1.1.json"]
    assert problems([later], released=True, folder=folder) == []
    assert problems([Rumour], released=True, folder=folder) == [
        "parley.rumour.heard/1.1.json is newer than Rumour.VERSION, 1.0."
    ]


def test_a_next_minor_version_that_cannot_read_what_was_written_is_named(folder):
    broken = rumour("1.1", place=(Text, ...))
    write([broken], released=True, folder=folder)
    assert problems([broken], released=True, folder=folder) == [
        "Rumour cannot read every event of parley.rumour.heard/1.0.json: a field was dropped, added as required or narrowed."
    ]


BREAKS = {
    "a new required field": rumour(place=(Text, ...)),
    "a default that is gone": rumour(mood=(Literal["dark", "bright"], ...)),
    "a removed enum value": rumour(mood=(Literal["dark"], "dark")),
    "another type": rumour(words=(int, ...)),
    "a shorter text": rumour(words=(Name, ...)),
    "a null that is no longer allowed": rumour(heard_at=(Moment, "2026-03-02T09:30:00Z")),
    "a dropped field": rumour(base=Event, words=(Text, ...), mood=(Literal["dark", "bright"], "dark")),
}


@pytest.mark.parametrize("changed", BREAKS.values(), ids=BREAKS)
def test_a_change_that_breaks_the_reader_is_caught(changed):
    assert "a field was dropped, added as required or narrowed" in breaks(schema_of(Rumour), schema_of(changed))


def test_a_stricter_pattern_or_format_is_caught_at_its_place():
    loose = rumour(words=(str, ...), heard_at=(str | None, None))
    assert breaks(schema_of(loose), schema_of(Rumour)) == [
        "/properties/words/pattern is stricter",
        "/properties/heard_at/anyOf/0/format is stricter",
    ]


def test_wider_types_and_new_optional_fields_break_nothing():
    wider = rumour(
        mood=(Literal["dark", "bright", "mixed"], "mixed"), words=(Text | None, None), place=(Text | None, None)
    )
    assert breaks(schema_of(Rumour), schema_of(wider)) == []
