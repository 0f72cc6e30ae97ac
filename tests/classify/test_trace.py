"""Why not? For every code that was considered and is not reached, the reason and where it stands."""

import pytest

from services.classify.pipeline import Reading
from services.classify.trace import Considered, trace
from tests.classify.reading import read, statuses


def considered(title: str = "", text: str = "") -> dict[str, Considered]:
    reading = read(title, text)
    assert isinstance(reading, Reading)
    return {one.code: one for one in trace(reading)}


@pytest.mark.parametrize(
    ("text", "code", "because", "cue"),
    [
        ("The army of Sudan and the RSF could agree to a truce.", "ceasefire_agreed", "possible", "could"),
        ("Sudan's army rejected a truce with the RSF.", "ceasefire_agreed", "refused", "rejected"),
        ("The EU threatened to impose sanctions on Russia.", "sanctions_imposed", "threatened", "threatened"),
        ("Ukraine urged Russia to release all prisoners of war.", "prisoner_exchange", "demanded", "urged"),
    ],
)
def test_an_unreal_event_is_told_with_the_words_that_decided(text, code, because, cue):
    one = considered(text=text)[code]
    assert because in one.because
    assert one.cue == cue
    assert text[one.offset : one.offset + len(cue)] == cue


def test_the_word_of_one_side_is_told_with_the_speaker():
    text = "Russia has violated the ceasefire, Ukraine said."
    one = considered(text=text)["ceasefire_broken"]
    assert "somebody's word" in one.because
    assert one.cue == "Ukraine"
    assert text[one.offset :].startswith("Ukraine")


def test_words_that_only_name_something_are_told_as_such():
    one = considered(text="Ukraine's ceasefire monitors count shells near Donetsk, and the truce is on all lips.")
    assert "part of" in one["ceasefire_agreed"].because or "named" in one["ceasefire_agreed"].because


def test_a_reached_code_needs_no_excuse():
    text = "The army of Sudan and the RSF agreed to a truce on Monday."
    assert statuses("", text)["ceasefire_agreed"] == "reached"
    assert "ceasefire_agreed" not in considered(text=text)


def test_what_is_left_out_for_a_better_signal_is_told():
    title = "Ukraine and Russia break off peace talks after talks in Istanbul began"
    assert statuses(title).get("talks_held") != "reached"
    assert "talks_held" in considered(title)


def test_it_reads_as_a_sentence():
    one = considered(text="The army of Sudan and the RSF could agree to a truce.")["ceasefire_agreed"]
    assert str(one) == "ceasefire_agreed not reached: prospective, possible ('could', text, offset 30)"
