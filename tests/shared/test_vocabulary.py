from datetime import timedelta

import pytest

from shared.vocabulary import CODES, ISSUES, Direction, Factuality, Status, Tone

# The event roots of the PLOVER data's own list.
PLOVER_ROOTS = {
    *("AGREE", "CONSULT", "SUPPORT", "COOPERATE", "AID", "YIELD", "INVESTIGATE", "ACCUSE", "REQUEST", "REJECT"),
    *("THREATEN", "PROTEST", "MOBILIZE", "SANCTION", "COERCE", "ASSAULT", "FIGHT"),
}


def test_there_are_seventeen_codes_and_fourteen_issues():
    assert (len(CODES), len(ISSUES)) == (17, 14)


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_a_code_has_a_label_an_episode_gap_and_a_plover_root(code):
    assert CODES[code.name] is code
    assert code.label[0].isupper()
    assert code.episode_gap >= timedelta(days=1)
    assert code.plover in PLOVER_ROOTS


def test_opposites_exist_and_end_one_another():
    pairs = {code.name: code.opposite for code in CODES.values() if code.opposite}
    assert pairs == {"sanctions_imposed": "sanctions_eased", "sanctions_eased": "sanctions_imposed"}


def test_a_violation_leaves_its_ceasefire_standing():
    assert CODES["ceasefire_agreed"].opposite is None


def test_the_vocabulary_cannot_be_changed_at_run_time():
    with pytest.raises(TypeError):
        CODES["amnesty_granted"] = CODES["talks_held"]


def test_the_closed_lists_are_those_of_the_label_guide():
    assert [str(word) for word in Factuality] == ["reached", "claimed", "prospective", "negated"]
    assert [str(word) for word in Direction] == ["advance", "stall", "regress", "mentioned"]
    assert [str(word) for word in Tone] == ["positive", "neutral", "negative"]
    assert [str(word) for word in Status] == ["reported", "confirmed", "reversed", "retracted"]
