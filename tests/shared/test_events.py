from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from shared.events import EVENTS
from tests.builders import classified, evidence, milestone_changed, news, notice, signal, source


def test_every_event_has_a_type_and_a_version_of_its_own():
    assert len({event.TYPE for event in EVENTS}) == len(EVENTS)
    assert all(event.VERSION.startswith("1.") for event in EVENTS)


def test_an_event_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        news().title = "Another title"


def test_unknown_codes_and_issues_are_plain_words_to_an_old_reader():
    assert signal(code="amnesty_granted").code == "amnesty_granted"


def test_fields_of_a_later_version_are_ignored():
    assert news(mood="bright") == news()


def test_times_are_utc_from_the_moment_they_are_read():
    in_kathmandu = datetime(2026, 3, 2, 15, 15, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    read = news(published_at=in_kathmandu)
    assert read.published_at.tzinfo is UTC
    assert '"published_at":"2026-03-02T09:30:00Z"' in read.model_dump_json()


def test_the_evidence_of_a_signal_points_at_its_quote():
    text, words = news().text, evidence()
    assert text[words.start : words.end] == words.quote


REFUSED = {
    "a time without zone": (news, {"published_at": "2026-03-02T09:30:00"}, "timezone"),
    "a time that UTC cannot name": (news, {"fetched_at": "0001-01-01T00:00:00+05:00"}, "outside the years"),
    "an empty id": (news, {"article_id": ""}, "at least 1 character"),
    "an id longer than 200": (notice, {"notice_id": "n" * 201}, "at most 200 characters"),
    "a revision that no database column holds": (news, {"revision": 2**31}, "less than 2147483648"),
    "a NUL that no database stores": (news, {"text": "truce\x00"}, "match pattern"),
    "half a surrogate pair": (news, {"title": "\ud83d"}, "unicode string"),
    "a confidence above one": (signal, {"confidence": 1.01}, "less than or equal to 1"),
    "a confidence that is no number": (signal, {"confidence": float("nan")}, "less than or equal to 1"),
    "a factuality of no list": (signal, {"factuality": "rumoured"}, "reached"),
    "an offset before the text": (evidence, {"start": -1, "end": 3}, "greater than or equal to 0"),
    "a quote too long for a message": (source, {"quote": "q" * 301}, "at most 300 characters"),
    "a tone beyond the scale": (classified, {"tone_score": -1.5}, "greater than or equal to -1"),
    "a status of no list": (milestone_changed, {"status": "rumoured"}, "reported"),
}


@pytest.mark.parametrize(("build", "field", "words"), REFUSED.values(), ids=REFUSED)
def test_a_value_that_cannot_be_right_is_refused_with_its_reason(build, field, words):
    with pytest.raises(ValidationError, match=words):
        build(**field)
