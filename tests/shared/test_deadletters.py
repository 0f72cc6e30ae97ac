"""Dead letters as a format: what is written can be read back, byte for byte, whatever it was."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deadletters import (
    Letters,
    NotALetterError,
    Original,
    Settled,
    dead_letter,
    marker,
    original,
    read_letter,
)
from shared.redrive import MOST_REDRIVES, refusal
from shared.topics import MAX_DEAD_LETTER_BYTES
from tests.builders import NOW


class Record:
    """What a consumer gives, as far as letters look at it."""

    def __init__(self, key=b"k", value=b"v", headers=(), topic="in", partition=0, offset=7):
        self.topic, self.partition, self.offset = topic, partition, offset
        self.key, self.value, self.headers = key, value, tuple(headers)


def letter(record=None, at=0, **overrides):
    """The letter of a record, as it comes out of the dead-letter topic."""
    said = {"error": "broken_json", "detail": "value: it ends too early", "attempts": 1, "now": NOW} | overrides
    message = dead_letter(record or Record(), **said)
    return Record(message.key, message.value, message.headers, topic="dlq", offset=at)


def settling(position, settled=Settled.REDRIVEN, at=1):
    return Record(position.encode(), None, marker(settled, NOW), topic="dlq", offset=at)


def folded(*records):
    letters = Letters()
    letters.add(records)
    return letters


names = st.text(max_size=20)
headers = st.lists(st.tuples(names, st.none() | st.binary(max_size=40)), max_size=6)


@given(key=st.none() | st.binary(max_size=40), value=st.none() | st.binary(max_size=200), headers=headers)
def test_an_original_comes_back_byte_for_byte(key, value, headers):
    assert original(letter(Record(key, value, headers))) == Original(key, value, tuple(headers))


def test_a_null_header_and_the_bytes_that_look_like_null_in_base64_are_told_apart():
    written = (("gone", None), ("bytes", b"\x9e\xe9\x65"), ("empty", b""))
    assert original(letter(Record(headers=written))).headers == written


def test_a_letter_says_where_it_came_from_and_why():
    record = Record(b"\xffkey", b"{", [("ce_id", b"1")], topic="parley.news.v1", partition=3, offset=17)
    read = read_letter(letter(record, error="ValueError", detail="no such thing", attempts=4, at=5))
    assert (read.position, read.topic, read.partition, read.offset) == ("parley.news.v1/3/17", "parley.news.v1", 3, 17)
    assert (read.error, read.detail, read.attempts, read.time) == ("ValueError", "no such thing", 4, NOW)
    assert (read.key, read.size, read.redriven, read.at) == (b"\xffkey", 1, 0, (0, 5))


def test_a_position_written_twice_is_one_letter():
    kept = folded(letter(at=0), letter(at=1, now=NOW + timedelta(seconds=9), attempts=2))
    assert [one.at for one in kept.by_position.values()] == [(0, 0)]


def test_a_letter_written_again_after_it_was_settled_stays_settled():
    kept = folded(letter(), settling("in/0/7"), letter(at=2, now=NOW + timedelta(minutes=1)))
    assert kept.by_position["in/0/7"].settled is Settled.REDRIVEN
    assert kept.by_position["in/0/7"].settled_at == NOW


def test_the_same_position_of_a_topic_that_was_made_anew_is_another_letter():
    kept = folded(letter(), settling("in/0/7"), letter(Record(value=b"another story"), at=2))
    assert kept.by_position["in/0/7"].settled is None


def test_a_marker_whose_letter_was_forgotten_is_nothing():
    kept = folded(settling("in/0/7"))
    assert (kept.by_position, kept.strange) == ({}, 0)


@pytest.mark.parametrize(
    "record",
    [
        Record(None, b"hello", [("subject", b"not from here")]),
        Record(b"in/0/8", None, [("dl_settled", b"redriven"), ("dl_time", b"yesterday")]),
        letter(Record(topic="\x1b[31m in red")),
        Record(b"in/0/8", None, [("dl_settled", b"burnt"), ("dl_time", NOW.isoformat().encode())]),
    ],
)
def test_what_is_no_letter_is_counted_and_left_out(record):
    kept = folded(letter(Record(offset=8)), record, letter(Record(offset=9), at=2))
    assert list(kept.by_position) == ["in/0/8", "in/0/9"]
    assert kept.by_position["in/0/8"].settled is None
    assert kept.strange == 1


def test_a_letter_whose_time_has_no_offset_is_none():
    broken = Record(*without_offset(letter()))
    with pytest.raises(NotALetterError, match="offset"):
        read_letter(broken)


def without_offset(record):
    naive = datetime(2026, 3, 2).isoformat().encode()  # noqa: DTZ001 - the point of it
    return record.key, record.value, [(name, naive if name == "dl_time" else raw) for name, raw in record.headers]


@pytest.mark.parametrize(
    "record",
    [
        Record(value=b"x" * MAX_DEAD_LETTER_BYTES),
        Record(headers=[("blob", b"x" * (MAX_DEAD_LETTER_BYTES - 100_000))]),
        Record(value=b"x" * (MAX_DEAD_LETTER_BYTES // 2), headers=[("blob", b"x" * (MAX_DEAD_LETTER_BYTES // 2))]),
        Record(key=b"x" * MAX_DEAD_LETTER_BYTES),
    ],
    ids=["value", "header", "both", "key"],
)
def test_a_letter_is_never_too_large_to_be_written(record):
    written = letter(record, detail="\U0001f54a" * 5000)
    assert len(written.value) + sum(len(name) + len(raw) for name, raw in written.headers) < 16_384
    read = read_letter(written)
    assert read.withheld
    assert read.size == len(record.value)
    assert read.key == (record.key if len(record.key) < 1000 else None)
    assert "lies at in/0/7" in refusal(read, {"in"}, force=True)


def test_sending_again_counts_in_a_header_and_leaves_the_rest_alone():
    first = Original(b"k", None, (("a", b"1"), ("a", None))).again(1)
    assert first == Original(b"k", None, (("a", b"1"), ("a", None), ("dl_redriven", b"1")))
    assert read_letter(letter(Record(b"k", None, first.headers))).redriven == 1
    assert first.again(2).headers == (("a", b"1"), ("a", None), ("dl_redriven", b"2"))


@pytest.mark.parametrize("count", [b"", b"many", b"-1", b"9" * 5000, None])
def test_a_count_that_is_none_of_ours_is_no_count(count):
    assert read_letter(letter(Record(headers=[("dl_redriven", count)]))).redriven == 0


def test_what_came_back_three_times_is_refused_unless_forced():
    def judged(times, *, force=False):
        again = Original(b"k", b"v", ()).again(times)
        return refusal(read_letter(letter(Record(headers=again.headers))), {"in"}, force=force)

    assert judged(MOST_REDRIVES - 1) is None
    assert "redriven 3 times" in judged(MOST_REDRIVES)
    assert judged(MOST_REDRIVES, force=True) is None


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (folded(letter(), settling("in/0/7")), "it was redriven at 2026-03-02"),
        (folded(letter(Record(key=None, value=None))), "neither key nor value"),
        (folded(letter(Record(topic="gone"))), "no topic gone"),
    ],
)
def test_what_cannot_be_sent_again_is_refused_with_the_reason(kept, reason):
    (one,) = kept.by_position.values()
    assert reason in refusal(one, {"in"}, force=True)


def test_times_are_kept_with_their_zone():
    assert read_letter(letter(now=datetime(2026, 3, 2, 9, tzinfo=UTC))).time == datetime(2026, 3, 2, 9, tzinfo=UTC)
