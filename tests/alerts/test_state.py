"""What is true, from what texts say: the pure fold."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.publishers import canonical
from services.alerts.state.changes import Standing, changes, decide
from services.alerts.state.corroboration import origins
from services.alerts.state.evidence import Assertion, shortened
from services.alerts.state.milestones import Reason, fold
from shared.catalogue import Party, Process
from shared.vocabulary import CODES, Factuality, Status
from tests.alerts.assertions import at, said

CEASEFIRE = CODES["ceasefire_agreed"]
SANCTIONS = CODES["sanctions_imposed"]
PROCESS = Process(
    id="ukraine",
    name="Ukraine",
    parties=(
        Party(name="Ukraine", kind="state", aliases=("Kyiv",), publishers=("president.gov.ua",)),
        Party(name="Russia", kind="state", aliases=("Moscow",), publishers=("kremlin.ru",)),
    ),
    official_publishers=("un.org",),
)


def only(milestones):
    (milestone,) = milestones
    return milestone


@pytest.mark.parametrize(
    ("story", "status", "reason"),
    [
        ([said()], Status.REPORTED, Reason.FIRST_REPORT),
        ([said(), said(by="gazette.example")], Status.CONFIRMED, Reason.INDEPENDENT_ORIGINS),
        ([said(), said(when=at(hours=2))], Status.REPORTED, Reason.FIRST_REPORT),
        ([said(), said("claimed", by="gazette.example")], Status.REPORTED, Reason.FIRST_REPORT),
        ([said(), said("prospective", by="gazette.example")], Status.REPORTED, Reason.FIRST_REPORT),
        ([said(by="un.org")], Status.CONFIRMED, Reason.OFFICIAL_SOURCE),
        ([said(by="kremlin.ru", actors=("Russia", "Ukraine"))], Status.REPORTED, Reason.FIRST_REPORT),
        ([said(by="bbc.co.uk"), said(by="bbc.com")], Status.REPORTED, Reason.FIRST_REPORT),
        ([said(), said("negated", by="gazette.example", when=at(hours=1))], Status.RETRACTED, Reason.DENIED),
        ([said(), said("negated", when=at(hours=1))], Status.RETRACTED, Reason.DENIED),
        (
            [said(), said(by="gazette.example"), said("negated", by="courier.example", when=at(hours=1))],
            Status.CONFIRMED,
            Reason.INDEPENDENT_ORIGINS,
        ),
        ([said("negated", when=at(hours=-1)), said(by="gazette.example")], Status.REPORTED, Reason.FIRST_REPORT),
    ],
    ids=[
        "one report",
        "two independent origins confirm",
        "one publisher counts once",
        "a claim does not confirm",
        "hope does not confirm",
        "an international official source confirms",
        "a party cannot confirm what two must do",
        "one house under two domains counts once",
        "as many deny it as report it",
        "who reported it takes it back",
        "a minority's denial changes nothing",
        "what was denied before it happened may happen",
    ],
)
def test_the_status_follows_from_what_texts_say(story, status, reason):
    milestone = only(fold(CEASEFIRE, PROCESS, story))
    assert (milestone.status, milestone.reason) == (status, reason)


@pytest.mark.parametrize("factuality", ["claimed", "prospective", "negated"])
def test_only_a_reached_signal_opens_a_milestone(factuality):
    assert fold(CEASEFIRE, PROCESS, [said(factuality), said(factuality, by="gazette.example")]) == []


def test_the_acting_party_confirms_its_own_act():
    act = said(code="sanctions_imposed", by="kremlin.ru", actors=("Russia",))
    milestone = only(fold(SANCTIONS, PROCESS, [act]))
    assert (milestone.status, milestone.reason) == (Status.CONFIRMED, Reason.ACTING_PARTY)


def test_copies_of_one_text_count_once():
    story = [said(fingerprint="00ff00ff00ff00ff"), said(by="gazette.example", fingerprint="00ff00ff00ff00fe")]
    assert only(fold(CEASEFIRE, PROCESS, story)).status is Status.REPORTED


def test_texts_that_quote_one_outlet_count_once():
    story = [said(named_sources=("Axios",)), said(by="gazette.example", named_sources=("Axios",)), said(by="axios.com")]
    assert set(origins(story).values()) == {"axios.com"}
    assert only(fold(CEASEFIRE, PROCESS, story)).status is Status.REPORTED


def test_after_a_long_silence_the_same_code_is_a_new_event():
    first, later = said(), said(by="gazette.example", when=at(days=15))
    assert [m.opened_by for m in fold(CEASEFIRE, PROCESS, [later, first])] == [first.text_id, later.text_id]


def test_acts_of_two_actors_on_one_day_are_two_events():
    story = [
        said(code="sanctions_imposed", actors=("EU",)),
        said(code="sanctions_imposed", by="gazette.example", actors=("UK",), when=at(hours=1)),
        said(code="sanctions_imposed", by="courier.example", actors=("eu",), when=at(hours=2)),
    ]
    found = fold(SANCTIONS, PROCESS, story)
    assert [(m.what.actors, m.status) for m in found] == [(("EU",), "confirmed"), (("UK",), "reported")]


def test_a_text_without_actor_joins_the_event_nearest_in_time():
    story = [
        said(code="sanctions_imposed", actors=("EU",)),
        said(code="sanctions_imposed", by="gazette.example", when=at(days=1)),
    ]
    assert only(fold(SANCTIONS, PROCESS, story)).status is Status.CONFIRMED


_PUBLISHERS = st.sampled_from(["a.example", "b.example", "c.example", "un.org", "kremlin.ru"])


@st.composite
def stories(draw):
    return [
        said(
            draw(st.sampled_from(list(Factuality))),
            by=draw(_PUBLISHERS),
            when=at(hours=draw(st.integers(0, 24 * 40))),
            text=f"t{number}",
            actors=draw(st.sampled_from([(), ("EU",), ("UK",), ("Russia",)])),
            fingerprint=draw(st.sampled_from([None, "00ff00ff00ff00ff", "00ff00ff00ff00fe", "ff"])),
            confidence=draw(st.sampled_from([0.5, 0.8, 0.95])),
        )
        for number in range(draw(st.integers(0, 12)))
    ]


@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_matters(story, shuffler: random.Random):
    shuffled = shuffler.sample(story, len(story))
    for code in (CEASEFIRE, SANCTIONS):
        assert fold(code, PROCESS, shuffled) == fold(code, PROCESS, story)


@given(stories())
def test_every_reached_signal_has_exactly_one_milestone(story):
    for code in (CEASEFIRE, SANCTIONS):
        texts = [text for milestone in fold(code, PROCESS, story) for text in milestone.texts]
        assert sorted(texts) == sorted(signal.text_id for signal in story if signal.factuality is Factuality.REACHED)


@given(stories())
def test_confidence_is_a_probability_and_denial_lowers_it(story):
    for milestone in fold(CEASEFIRE, PROCESS, story):
        assert 0 <= milestone.confidence <= 0.99
        assert milestone.first_seen <= milestone.last_seen


def test_a_signal_survives_the_database():
    signal = said(actors=("EU",), named_sources=("Axios",), object="Belarus", fingerprint="ff")
    assert Assertion.from_row(signal.to_row()) == signal


@pytest.mark.parametrize(("name", "known_as"), [("BBC", "bbc.com"), ("www.bbc.co.uk", "bbc.com"), ("x.org", "x.org")])
def test_publishers_have_one_name(name, known_as):
    assert canonical(name) == known_as


def test_long_quotes_are_cut_at_a_word():
    quote = shortened("peace " * 100)
    assert len(quote) <= 300
    assert quote.endswith("peace…")
    assert len(shortened("x" * 400)) <= 300


def standing(milestone, status=Status.REPORTED):
    return Standing(
        id="m1",
        code=milestone.code,
        status=status,
        revision=1,
        opened_by=milestone.opened_by,
        texts=milestone.texts,
        first_seen=milestone.first_seen,
        last_seen=milestone.last_seen,
    )


def test_a_second_origin_revises_what_was_reported():
    before = standing(only(fold(CEASEFIRE, PROCESS, [said()])))
    (change,) = changes([before], fold(CEASEFIRE, PROCESS, [said(), said(by="gazette.example")]))
    assert change.is_revision
    assert (change.before, change.status) == (before, Status.CONFIRMED)


def test_one_more_text_of_a_known_publisher_revises_nothing():
    before = standing(only(fold(CEASEFIRE, PROCESS, [said()])))
    more = said(when=at(hours=3))
    (change,) = changes([before], fold(CEASEFIRE, PROCESS, [said(), more]))
    assert not change.is_revision
    assert decide(more, [("m1", change)]).reason is Reason.KNOWN


def test_an_earlier_text_that_comes_late_finds_the_same_milestone():
    before = standing(only(fold(CEASEFIRE, PROCESS, [said()])))
    earlier = said(by="gazette.example", when=at(hours=-5))
    (change,) = changes([before], fold(CEASEFIRE, PROCESS, [said(), earlier]))
    assert change.before == before


def test_a_milestone_without_any_text_left_is_retracted():
    before = standing(only(fold(CEASEFIRE, PROCESS, [said()])))
    (change,) = changes([before], [])
    assert (change.status, change.reason, change.is_revision) == (Status.RETRACTED, Reason.WITHDRAWN, True)
    assert changes([standing(only(fold(CEASEFIRE, PROCESS, [said()])), Status.RETRACTED)], []) == []


def test_two_milestones_that_turn_out_to_be_one_leave_one():
    first, second = said(), said(by="gazette.example", when=at(days=20))
    between = said(by="courier.example", when=at(days=10))
    apart = fold(CEASEFIRE, PROCESS, [first, second])
    (change, gone) = changes([standing(m) for m in apart], fold(CEASEFIRE, PROCESS, [first, between, second]))
    assert change.before.opened_by == first.text_id
    assert (gone.before.opened_by, gone.reason) == (second.text_id, Reason.MERGED)


def test_what_was_denied_before_anyone_was_told_is_not_told():
    assert changes([], fold(CEASEFIRE, PROCESS, [said(), said("negated", by="b.example", when=at(hours=1))])) == []


@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        (said("claimed"), Reason.CLAIM_ONLY),
        (said("prospective"), Reason.LIES_AHEAD),
        (said("negated"), Reason.NOTHING_TO_DENY),
    ],
)
def test_a_signal_that_changes_nothing_has_a_named_reason(signal, reason):
    assert decide(signal, []).reason is reason
