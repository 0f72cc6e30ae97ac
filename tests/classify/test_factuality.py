"""Cues of factuality, one by one: what ``assess`` makes of the word between square brackets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classify.factuality import assess
from tests.classify.reading import statuses


def assessed(marked: str):
    start = marked.index("[")
    end = marked.index("]") - 1
    return assess(marked.replace("[", "").replace("]", ""), start, end)


CUES = [
    ("reached", "The two sides [signed] the accord on Monday."),
    ("reached", "Rebels [release] hostages in Darfur."),
    ("reached", "The sanctions have finally been [lifted]."),
    ("reached", "Russia began [withdrawing] its troops."),
    ("reached", "They managed to [reach] a deal."),
    ("reached", "The envoys are [meeting] in Doha."),
    ("prospective", "The two sides may [sign] the accord."),
    ("prospective", "The two sides will [sign] the accord."),
    ("prospective", "The two sides are to [sign] the accord."),
    ("prospective", "The two sides are expected to [sign] the accord."),
    ("prospective", "The UN urged both to [stop] and [release] the hostages.".replace("[stop]", "stop")),
    ("prospective", "They must halt their fire and [withdraw] their troops."),
    ("prospective", "Ministers are considering [lifting] the embargo."),
    ("prospective", "If the rebels [sign] the accord, aid will follow."),
    ("prospective", "Unless they [sign] the accord, fighting goes on."),
    ("prospective", "She hopes for a [truce]."),
    ("prospective", "The proposal for a [truce] lies on the table."),
    ("prospective", "Did they [sign] the accord?"),
    ("prospective", "The plan could end in a [withdrawal]."),
    ("negated", "The two sides did not [sign] the accord."),
    ("negated", "The two sides never [signed] the accord."),
    ("negated", "They failed to [sign] the accord."),
    ("negated", "They refuse to [sign] the accord."),
    ("negated", "They ruled out [lifting] the embargo."),
    ("negated", "There is no [truce] in sight."),
    ("negated", "Nobody has [signed] the accord."),
    ("claimed", "The army claims that the rebels [broke] the truce."),
    ("claimed", "The rebels allegedly [broke] the truce."),
    ("claimed", "She accused them of [breaking] the truce."),
]


@pytest.mark.parametrize(("status", "marked"), CUES, ids=[marked for _, marked in CUES])
def test_a_cue_decides_how_real_an_event_is(status, marked):
    assert assessed(marked).status == status


def test_a_plain_statement_needs_no_cue_and_is_more_probable_than_a_denied_one():
    plain, denied = assessed("They [signed] the accord."), assessed("They did not [sign] the accord.")
    assert plain.cue == ""
    assert denied.cue == "not"
    assert denied.probability < 0.5 < plain.probability


def test_a_span_without_a_word_is_refused():
    with pytest.raises(ValueError, match="no word"):
        assess("They signed. ", 12, 13)


STRENGTH = {"reached": 3, "claimed": 2, "prospective": 1, "negated": 0, None: 0}
SUBJECTS = ["Israel and Hamas", "The warring sides in Sudan", "Russia and Ukraine", "Thailand and Cambodia"]
VERBS = [
    ("agree to a truce", "ceasefire_agreed"),
    ("sign a peace agreement", "peace_agreement"),
    ("release all hostages", "prisoner_exchange"),
    ("withdraw their troops", "troop_withdrawal"),
    ("hold peace talks", "talks_held"),
]


@given(st.sampled_from(SUBJECTS), st.sampled_from(VERBS), st.sampled_from(["could", "may", "might", "would", "should"]))
def test_a_modal_never_makes_an_event_more_real(subject, verb, modal):
    words, code = verb
    plain = statuses("", f"{subject} {words}.")
    softened = statuses("", f"{subject} {modal} {words}.")
    assert plain[code] == "reached"
    assert STRENGTH[softened.get(code)] < STRENGTH[plain[code]]


@given(st.sampled_from(SUBJECTS), st.sampled_from(VERBS), st.sampled_from(["did not", "will not", "refused to"]))
def test_a_negation_turns_an_event_into_its_denial(subject, verb, negation):
    words, code = verb
    assert statuses("", f"{subject} {negation} {words}.").get(code) == "negated"
