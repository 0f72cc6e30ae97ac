"""PLOVER: roots of events between a source and a target, and the code of each signal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classify import plover
from shared.vocabulary import CODES, Factuality

ROOTS = {
    "AGREE", "CONSULT", "SUPPORT", "COOPERATE", "AID", "YIELD", "REQUEST", "ACCUSE", "REJECT", "THREATEN", "PROTEST",
    "MOBILIZE", "SANCTION", "COERCE", "ASSAULT",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "source", "target", "root"),
    [
        ("Norway condemned the attack on Malian villagers.", "Norway", "Malian villagers", "ACCUSE"),
        ("Kenya's president met his Somali counterpart on Friday.", "Kenya's president", "his Somali counterpart", "CONSULT"),
        ("The rebels released twelve prisoners to Chad.", "The rebels", "Chad", "YIELD"),
        ("Police arrested two officials of the opposition.", "Police", "the opposition", "COERCE"),
        ("Artillery of the army killed nine villagers.", "Artillery of the army", "nine villagers", "ASSAULT"),
        ("The minister rejected the proposal of the envoy.", "The minister", "the envoy", "REJECT"),
        ("Sweden appealed to Serbia for help.", "Sweden", "Serbia", "REQUEST"),
        ("France threatened Mali with further measures.", "France", "Mali", "THREATEN"),
        ("Japan welcomed the decision of Nepal.", "Japan", "Nepal", "SUPPORT"),
        ("Canada has agreed to lend Ghana two ships.", "Canada", "Ghana", "AGREE"),
    ],
)  # fmt: skip
def test_the_root_is_what_the_source_does_to_the_target(text, source, target, root):
    assert plover.code(text, source, target) == root


@given(st.text(max_size=60), st.text(max_size=12), st.text(max_size=12))
def test_any_text_gets_one_of_the_roots(text, source, target):
    assert plover.code(text, source, target) in ROOTS


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("factuality", Factuality)
def test_every_signal_has_a_code(code, factuality):
    told = plover.signal(code, factuality)
    assert told is not None
    assert told.root in ROOTS
    assert told.mode is None or factuality in {Factuality.REACHED, Factuality.CLAIMED}


def test_a_threat_of_sanctions_is_a_threat_and_their_refusal_an_agreement():
    assert plover.signal("sanctions_imposed", Factuality.PROSPECTIVE).root == "THREATEN"
    assert plover.signal("sanctions_imposed", Factuality.NEGATED).root == "AGREE"
    assert plover.signal("prisoner_exchange", Factuality.NEGATED).root == "REJECT"


def test_an_unknown_code_has_none():
    assert plover.signal("moon_landed", Factuality.REACHED) is None
