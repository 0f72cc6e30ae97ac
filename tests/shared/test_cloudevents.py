"""The wire: our writer, our strict reader, the stored records of ``tests/golden`` and the official SDK.

Where the wire is meant to change, ``python -m tests.golden`` writes the stored records anew.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cloudevents.core.bindings import kafka as sdk
from cloudevents.core.v1.event import CloudEvent as SdkEvent
from hypothesis import given
from hypothesis import strategies as st

from shared.cloudevents import Fault, UndecodableError, decode, encode, type_of
from shared.events import EVENTS, MeetingPublished, NewsPublished
from tests import golden
from tests.builders import NOW, classified, cloud_event, meeting, milestone_changed, news
from tests.shared.strategies import events

IN_ISTANBUL = timezone(timedelta(hours=3))
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def headers(**changes):
    """The headers of the default news event; a keyword changes, adds or (``...``) drops one; ``_`` stands for ``-``."""
    changed = {("content-type" if name == "content_type" else name): value for name, value in changes.items()}
    merged = dict(encode(cloud_event()).headers) | changed
    return [(name, value) for name, value in merged.items() if value is not ...]


def value(event=None):
    return (event or news()).model_dump_json().encode()


UNREADABLE = {
    "a record without value": (Fault.TOMBSTONE, headers(), None, "no value"),
    "no id": (Fault.MISSING_HEADER, headers(ce_id=...), value(), "ce_id is missing"),
    "no source": (Fault.MISSING_HEADER, headers(ce_source=...), value(), "ce_source is missing"),
    "no time": (Fault.MISSING_HEADER, headers(ce_time=...), value(), "ce_time is missing"),
    "no type": (Fault.MISSING_HEADER, headers(ce_type=...), value(), "ce_type is missing"),
    "no version": (Fault.MISSING_HEADER, headers(ce_specversion=...), value(), "ce_specversion is missing"),
    "no content type": (Fault.MISSING_HEADER, headers(content_type=...), value(), "content-type is missing"),
    "no schema": (Fault.MISSING_HEADER, headers(ce_dataschema=...), value(), "ce_dataschema is missing"),
    "no key": (Fault.MISSING_HEADER, headers(ce_partitionkey=...), value(), "ce_partitionkey is missing"),
    "no headers at all": (Fault.MISSING_HEADER, [], value(), "ce_specversion is missing"),
    "a null id": (Fault.NULL_HEADER, headers(ce_id=None), value(), "ce_id is null"),
    "a source in Latin-1": (Fault.HEADER_NOT_UTF8, headers(ce_source=b"/caf\xe9"), value(), "ce_source is not UTF-8"),
    "an empty id": (Fault.INVALID_HEADER, headers(ce_id=b""), value(), "ce_id is empty"),
    "a NUL in the id": (Fault.INVALID_HEADER, headers(ce_id=b"a\x00b"), value(), "control character"),
    "yes as test": (Fault.INVALID_HEADER, headers(ce_test=b"yes"), value(), "ce_test is 'yes'"),
    "a time in words": (Fault.INVALID_HEADER, headers(ce_time=b"noon"), value(), "RFC 3339"),
    "a time of no zone": (Fault.INVALID_HEADER, headers(ce_time=b"2026-03-02T09:30:00"), value(), "no offset"),
    "a time before time": (Fault.INVALID_HEADER, headers(ce_time=b"0001-01-01T00:00:00+05:00"), value(), "outside"),
    "CloudEvents 0.3": (Fault.UNSUPPORTED_SPECVERSION, headers(ce_specversion=b"0.3"), value(), "'0.3'"),
    "Avro": (Fault.UNSUPPORTED_CONTENT_TYPE, headers(content_type=b"application/avro"), value(), "avro"),
    "structured mode": (
        Fault.UNSUPPORTED_CONTENT_TYPE,
        headers(content_type=b"application/cloudevents+json"),
        value(),
        "cloudevents",
    ),
    "another topic's event": (
        Fault.UNEXPECTED_TYPE,
        headers(ce_type=b"parley.text.classified.v1"),
        value(classified()),
        "expected parley.news.published.v1",
    ),
    "the next major version's type": (
        Fault.UNEXPECTED_TYPE,
        headers(ce_type=b"parley.news.published.v2"),
        value(),
        "parley.news.published.v2",
    ),
    "the next major version's schema": (
        Fault.UNSUPPORTED_SCHEMA,
        headers(ce_dataschema=b"urn:parley:schema:parley.news.published:2.0"),
        value(),
        "expected urn:parley:schema:parley.news.published:1.",
    ),
    "a foreign schema": (
        Fault.UNSUPPORTED_SCHEMA,
        headers(ce_dataschema=b"https://schemas.example/news"),
        value(),
        "schemas.example",
    ),
    "half a JSON": (Fault.BROKEN_JSON, headers(), value()[:-5], "Invalid JSON"),
    "an empty value": (Fault.BROKEN_JSON, headers(), b"", "Invalid JSON"),
    "bytes that are no UTF-8": (Fault.BROKEN_JSON, headers(), b"\xff\xfe\x00", "Invalid JSON"),
    "half a surrogate pair": (Fault.BROKEN_JSON, headers(), value().replace(b"Both", b"\\ud83d"), "Invalid JSON"),
    "brackets without end": (Fault.BROKEN_JSON, headers(), b"[" * 100_000, "recursion"),
    "a list": (Fault.INVALID_DATA, headers(), b"[]", "value: "),
    "a missing field": (Fault.INVALID_DATA, headers(), b"{}", "article_id: Field required"),
    "revision zero": (Fault.INVALID_DATA, headers(), value().replace(b'"revision":1', b'"revision":0'), "revision: "),
    "a NUL in the text": (Fault.INVALID_DATA, headers(), value().replace(b"Both", b"\\u0000"), "title: "),
}


def refusal(expected, headers, value):
    with pytest.raises(UndecodableError) as caught:
        decode(expected, headers, value)
    return caught.value


@pytest.mark.parametrize(("fault", "headers", "value", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_record_that_cannot_be_read_names_its_fault_and_the_place(fault, headers, value, words):
    refused = refusal((NewsPublished,), headers, value)
    assert refused.fault is fault
    assert words in refused.detail


def test_every_fault_has_a_case():
    assert {fault for fault, *_ in UNREADABLE.values()} == set(Fault)


@given(st.data())
def test_any_valid_event_comes_back_as_it_was_written(data):
    event = cloud_event(
        data.draw(events()),
        id=data.draw(st.text(st.characters(exclude_categories=["C"]), min_size=1)),
        key=data.draw(st.text(st.characters(exclude_categories=["C"]), min_size=1)),
        test=data.draw(st.booleans()),
        traceparent=data.draw(st.sampled_from([None, TRACE])),
    )
    message = encode(event)
    assert decode(EVENTS, message.headers, message.value) == event
    assert message.key == event.key.encode()


@given(st.lists(st.tuples(st.text(), st.none() | st.binary())), st.binary() | st.none())
def test_arbitrary_records_are_refused_by_name_and_never_crash_the_reader(headers, value):
    assert refusal(EVENTS, headers, value).fault in Fault


@given(st.binary())
def test_arbitrary_values_are_refused_by_name_and_never_crash_the_reader(value):
    assert refusal((NewsPublished,), headers(), value).fault in {Fault.BROKEN_JSON, Fault.INVALID_DATA}


def test_headers_may_come_in_any_order_among_headers_of_others():
    foreign = [("x-request-id", b"17"), ("checksum", b"\xff\x00"), ("empty", None)]
    event = cloud_event(subject="a subject", test=True)
    message = encode(event)
    assert decode((NewsPublished,), [*foreign, *reversed(message.headers)], message.value) == event


def test_the_trace_is_carried_under_its_own_name():
    message = encode(cloud_event(traceparent=TRACE))
    assert dict(message.headers)["traceparent"] == TRACE.encode()
    assert decode((NewsPublished,), message.headers, message.value).traceparent == TRACE


def test_a_time_in_another_zone_is_written_and_read_in_utc():
    message = encode(cloud_event(time=NOW.astimezone(IN_ISTANBUL)))
    assert dict(message.headers)["ce_time"] == b"2026-03-02T09:31:05Z"
    read = decode((NewsPublished,), headers(ce_time=b"2026-03-02T12:31:05+03:00"), value())
    assert (read.time, read.time.tzinfo) == (NOW, UTC)


def test_a_charset_behind_the_content_type_is_allowed():
    assert decode((NewsPublished,), headers(content_type=b"Application/JSON; charset=utf-8"), value()).data == news()


def test_a_later_minor_version_is_read_and_its_new_fields_are_ignored():
    later = headers(ce_dataschema=b"urn:parley:schema:parley.news.published:1.7")
    assert decode((NewsPublished,), later, value()[:-1] + b',"mood":"bright"}').data == news()


def test_a_topic_of_two_events_gives_each_its_own_model():
    message = encode(cloud_event(meeting()))
    assert decode((NewsPublished, MeetingPublished), message.headers, message.value).data == meeting()


@pytest.mark.parametrize("envelope", [{"id": ""}, {"key": ""}, {"source": "/a\nb"}, {"time": datetime(2026, 3, 2)}])  # noqa: DTZ001 - a time without zone is the point
def test_an_envelope_that_no_reader_would_take_is_not_written(envelope):
    with pytest.raises(ValueError, match=r"expected some text|no offset"):
        encode(cloud_event(**envelope))


@pytest.mark.parametrize("event", golden.EVENTS, ids=lambda event: event.data.TYPE)
def test_a_stored_record_is_read_and_written_byte_by_byte(event):
    stored = golden.read(golden.path_of(event))
    read = decode(EVENTS, stored.headers, stored.value)
    assert read == event
    assert encode(read) == stored


def test_every_event_has_a_stored_record():
    assert {event.data.TYPE for event in golden.EVENTS} == {event.TYPE for event in EVENTS}


@pytest.mark.parametrize("event", golden.EVENTS, ids=lambda event: event.data.TYPE)
def test_the_official_sdk_reads_what_we_write(event):
    message = encode(event)
    read = sdk.from_binary_event(sdk.KafkaMessage(dict(message.headers), message.key, message.value))
    assert (read.get_id(), read.get_source(), read.get_time()) == (event.id, event.source, event.time)
    assert (read.get_type(), read.get_specversion()) == (type_of(type(event.data)), "1.0")
    assert (read.get_subject(), read.get_datacontenttype()) == (event.subject, "application/json")
    assert read.get_dataschema() == f"urn:parley:schema:{event.data.TYPE}:{event.data.VERSION}"
    assert read.get_extension("partitionkey") == event.key
    assert read.get_extension("test") == ("true" if event.test else None)
    assert read.get_data() == event.data.model_dump(mode="json")


@pytest.mark.parametrize("data", [news(), meeting(), classified(), milestone_changed()], ids=lambda data: data.TYPE)
def test_we_read_what_the_official_sdk_writes(data):
    attributes = {
        "specversion": "1.0",
        "id": "17",
        "source": "/parley/ingest",
        "type": type_of(type(data)),
        "time": NOW.astimezone(IN_ISTANBUL),
        "dataschema": f"urn:parley:schema:{data.TYPE}:1.0",
        "datacontenttype": "application/json",
        "subject": "a subject",
        "partitionkey": "ukraine",
        "test": "true",
    }
    message = sdk.to_binary_event(SdkEvent(attributes, data.model_dump(mode="json")))
    assert message.key == "ukraine"
    expected = cloud_event(data, id="17", key="ukraine", subject="a subject", test=True)
    assert decode(EVENTS, message.headers.items(), message.value) == replace(expected, time=NOW)
