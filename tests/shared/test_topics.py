from collections import Counter

from shared.cloudevents import encode
from shared.events import EVENTS, MAX_TEXT_BYTES
from shared.topics import ALERTS_DLQ, CLASSIFY_DLQ, NEWS, TOPICS, dead_letters
from tests.builders import cloud_event, news

KIB = 1024


def test_a_topic_is_found_by_its_name_which_ends_in_its_major_version():
    for name, topic in TOPICS.items():
        assert name == topic.name
        assert name.startswith("parley.")
        assert name.endswith(".v1")


def test_every_event_has_exactly_one_topic():
    carried = Counter(topic.carries for topic in TOPICS.values() if topic.carries)
    assert carried == Counter(EVENTS)


def test_every_consuming_service_has_a_dead_letter_topic_and_they_carry_no_event():
    assert [topic.name for topic in TOPICS.values() if topic.carries is None] == [
        "parley.classify.dlq.v1",
        "parley.alerts.dlq.v1",
    ]
    assert dead_letters("classify") == CLASSIFY_DLQ


def test_a_text_a_message_and_a_dead_letter_may_be_as_large_as_was_decided():
    assert (MAX_TEXT_BYTES, NEWS.max_bytes, ALERTS_DLQ.max_bytes) == (256 * KIB, 1024 * KIB, 4096 * KIB)


def test_the_largest_text_fits_its_topic_whatever_its_script():
    for letters in ("a", "є", "停", "🕊", '"', "\\", "\n"):
        text = letters * (MAX_TEXT_BYTES // len(letters.encode()))
        assert len(encode(cloud_event(news(title="", text=text))).value) <= NEWS.max_bytes


def test_every_topic_is_split_and_kept():
    assert all(topic.partitions >= 1 and topic.retention.days >= 7 for topic in TOPICS.values())
