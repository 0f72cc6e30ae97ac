import pytest

from services.classify.pipeline import classify
from tests.builders import meeting
from tests.classify.reading import CATALOGUE, LEXICON


def signals(**overrides) -> dict[str, dict[str, str]]:
    read = classify(meeting(**overrides), CATALOGUE, LEXICON)
    return {one.process: {s.code: str(s.factuality) for s in one.signals} for one in read}


@pytest.mark.parametrize(
    ("change", "code"),
    [("scheduled", "talks_scheduled"), ("rescheduled", "talks_scheduled"), ("cancelled", "talks_collapsed")],
)
def test_a_meeting_of_two_parties_is_talks(change, code):
    assert signals(change=change) == {"ukraine": {code: "reached"}}


def test_a_party_and_a_mediator_are_enough():
    found = signals(title="Delegation of Hamas visits Cairo", description="", participants=("Hamas", "Egypt"))
    assert found == {"gaza": {"talks_scheduled": "reached"}}


def test_one_party_alone_is_no_talks():
    assert signals(title="Cabinet of Ukraine meets", description="", participants=("Ukraine",)) == {}


def test_a_sitting_of_a_legislature_is_a_possible_vote_and_never_talks():
    found = signals(title="State Duma debates the treaty with Ukraine", description="", participants=())
    assert found == {"ukraine": {"parliamentary_approval": "prospective"}}


def test_the_calendar_entry_is_the_evidence():
    event = meeting(change="rescheduled")
    (read,) = classify(event, CATALOGUE, LEXICON)
    evidence = read.signals[0].evidence
    assert (evidence.quote, evidence.cue) == (event.title, "rescheduled")
    assert event.title[evidence.start : evidence.end] == evidence.quote
    assert read.kind == "meeting"
    assert read.occurred_at == event.published_at
