"""What is refused, and in which words."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.inputs import MeetingIn, NewsIn, Rejected, read
from tests.ingest.builders import raw_news


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-02T09:30:00Z", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("2026-03-02T11:30:00+02:00", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("2026-03-02 09:30", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("2021-12-29", datetime(2021, 12, 29, tzinfo=UTC)),
        ("Mon, 02 Mar 2026 09:30:00 GMT", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("Mon, 02 Mar 2026 10:30:00 +0100", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_news_writes_them_and_are_utc_where_they_say_nothing(written, meant):
    assert read(NewsIn, raw_news(published_at=written)).published_at == meant


@pytest.mark.parametrize(
    "written", ["", "yesterday", "2026", "2026-02-30", "0001-01-01T00:00+14:00", 1772443800, None, {}]
)
def test_what_is_no_time_is_refused_by_name(written):
    refused = read(NewsIn, raw_news(published_at=written))
    assert refused.pointer == "/published_at"
    assert refused.reason.startswith("published_at: ")


@given(st.text())
def test_any_text_is_a_time_in_utc_or_is_refused_by_name(text):
    result = read(NewsIn, raw_news(published_at=text))
    if isinstance(result, Rejected):
        assert result.reason.startswith("published_at: ")
    else:
        assert result.published_at.tzinfo is UTC


def test_an_unknown_field_is_refused_and_the_known_ones_are_named():
    refused = read(NewsIn, raw_news(body="..."))
    assert refused == Rejected(
        "body: unknown field, known are url, id, published_at, publisher, title, text, language", "/body"
    )


def test_everything_that_is_wrong_is_said_at_once():
    refused = read(NewsIn, {"title": 1, "language": "English"})
    assert [part.split(":")[0] for part in refused.reason.split("; ")] == ["published_at", "title", "text", "language"]


def test_a_number_is_as_good_an_id_as_a_text():
    assert read(NewsIn, raw_news(id=17)).id == "17"


@pytest.mark.parametrize("raw", [None, [], "text", 7])
def test_what_is_no_object_is_told_what_one_needs(raw):
    assert read(MeetingIn, raw).reason == "expected an object with at least uid, title, starts_at"


def test_a_pointer_escapes_what_json_pointers_reserve():
    assert read(NewsIn, raw_news(**{"a/b~c": 1})).pointer == "/a~1b~0c"
