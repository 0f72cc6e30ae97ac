"""Ids that stay, revisions that count, fingerprints that are near for near-copies."""

import hashlib
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.identity import article_id, content_hash, fingerprint, meeting_id, revision_of

LONG = (
    "Negotiators for both sides signed a ceasefire on Monday after nine days of talks in a lakeside hotel. "
    "Fighting is to end at midnight along the whole line, and observers will arrive within a week. "
    "The mediator praised the courage of the delegations and thanked the host country for its patience. "
    "Prisoners are to be exchanged before the end of the month, the text of the agreement says. "
)


def identity(**overrides) -> str:
    return article_id(**({"url": None, "own_id": None, "namespace": "herald", "title": "a b", "text": "c"} | overrides))


def bits_between(one: str, other: str) -> int:
    return (int(fingerprint(one), 16) ^ int(fingerprint(other), 16)).bit_count()


def test_a_url_alone_identifies_its_text_and_anybody_can_recompute_the_id():
    url = "https://herald.example/a"
    assert identity(url=url) == hashlib.sha256(url.encode()).hexdigest()[:32]
    assert identity(url=url, own_id="7", title="edited") == identity(url=url)


def test_an_own_id_identifies_within_its_publisher():
    assert identity(own_id="7", title="edited") == identity(own_id="7")
    assert identity(own_id="7", namespace="other") != identity(own_id="7")


def test_without_url_and_id_the_words_identify_whatever_the_space_between_them():
    assert identity(title="a  b", text="c\n") == identity()
    assert identity(title="a", text="b c") != identity()
    assert identity(namespace="other") != identity()


def test_a_meeting_is_identified_by_its_uid_within_its_publisher():
    assert meeting_id(uid="7", namespace="a") == meeting_id(uid="7", namespace="a")
    assert meeting_id(uid="7", namespace="a") != meeting_id(uid="7", namespace="b")
    assert meeting_id(uid="7", namespace="herald") != identity(own_id="7")


def test_fields_do_not_run_into_one_another():
    assert content_hash("a b", "c") != content_hash("a", "b c")
    assert content_hash("a  b", "c") == content_hash("a b", "c ")


@pytest.mark.parametrize(
    ("earlier", "content", "replay", "expected"),
    [
        ([], "a", False, (1, True)),
        (["a"], "a", False, (1, False)),
        (["a"], "b", False, (2, True)),
        (["a", "b"], "a", False, (3, True)),
        (["a", "b"], "a", True, (1, False)),
        (["a", "b"], "b", True, (2, False)),
        (["a", "b"], "c", True, (3, True)),
    ],
)
def test_a_text_that_goes_back_is_new_when_live_and_known_when_replayed(earlier, content, replay, expected):
    assert revision_of(earlier, content, replay=replay) == expected


@given(st.lists(st.sampled_from("abc")))
def test_replaying_any_history_brings_nothing_new(history):
    earlier = []
    for content in history:
        revision, is_new = revision_of(earlier, content, replay=False)
        earlier += [content] if is_new else []
        assert revision == len(earlier)
    assert not any(revision_of(earlier, content, replay=True)[1] for content in history)


def test_the_fingerprint_never_changes_between_releases():
    assert fingerprint("Both delegations sign a ceasefire") == "b933c645b4c9bbe7"


def test_case_and_punctuation_do_not_count():
    assert fingerprint("Truce: signed at last!") == fingerprint("truce signed, at LAST")


@pytest.mark.parametrize("text", ["", "...", "truce", "truce signed", "停火协议", "สันติภาพ"])
def test_any_length_and_script_has_a_fingerprint(text):
    assert len(fingerprint(text)) == 16


def test_near_copies_differ_in_few_bits_and_other_texts_in_many():
    assert bits_between(LONG, LONG.replace("Monday", "Tuesday")) <= 10
    assert bits_between(LONG, "Agency report. " + LONG) <= 10
    words = LONG.split()
    random.Random(7).shuffle(words)
    assert bits_between(LONG, " ".join(words)) > 16
    assert bits_between(LONG, "The cabinet fell on Friday over its budget, and new elections come in spring. " * 4) > 16


def test_unrelated_texts_are_as_far_apart_as_chance_makes_them():
    dice = random.Random(11)
    texts = [" ".join(f"w{dice.randrange(10_000)}" for _ in range(80)) for _ in range(60)]
    distances = [bits_between(a, b) for a, b in itertools.pairwise(texts)]
    assert 29 < sum(distances) / len(distances) < 35
