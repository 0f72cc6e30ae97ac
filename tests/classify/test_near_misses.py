"""Near misses beside hits: what looks like a reached milestone, and the same words where they are one."""

from datetime import date

import pytest

from tests.classify.reading import movements, statuses

PAIRS = [
    (
        "dates of long ago are history",
        "prisoner_exchange",
        "The rebels released forty hostages in Sudan on Monday.",
        "The rebels released forty hostages in Sudan three years ago.",
    ),
    (
        "since only says how long something lasts",
        "sanctions_imposed",
        "Russian exports fell after the EU imposed sanctions on Moscow.",
        "Russian exports have fallen since the EU imposed sanctions on Moscow.",
    ),
    (
        "a relative clause says who is meant",
        "humanitarian_access",
        "Soldiers evacuated hundreds of civilians from Khartoum in Sudan.",
        "A book honours soldiers who evacuated hundreds of civilians from Khartoum in Sudan.",
    ),
    (
        "a meeting needs two sides of one process",
        "talks_held",
        "Israeli officials met with leaders of Hamas in Cairo.",
        "Israeli officials met with farmers in Cairo to discuss Gaza.",
    ),
    (
        "an aim is no appointment",
        "talks_scheduled",
        "Ukraine and Russia will hold talks in January.",
        "Ukraine aims for January talks with Russia.",
    ),
    (
        "what is probably ahead is no appointment",
        "talks_scheduled",
        "Ukraine and Russia will hold talks next week.",
        "It is likely that Ukraine and Russia will hold talks next week.",
    ),
    (
        "sanctions of sports bodies are another domain",
        "sanctions_imposed",
        "Several governments have imposed sanctions on Russia.",
        "Several sports organisations have imposed sanctions on Russia and its athletes.",
    ),
    (
        "a coalition is no peace",
        "peace_agreement",
        "The rebels and the government of Sudan sign a peace deal.",
        "Factions in the parliament of Sudan sign a coalition deal.",
    ),
    (
        "a threat is no imposition",
        "sanctions_imposed",
        "The US slapped sanctions on two generals of Myanmar's junta.",
        "The US threatened to slap sanctions on two generals of Myanmar's junta.",
    ),
    (
        "an accusation is somebody's word",
        "ceasefire_broken",
        "The ceasefire in Sudan collapsed on Friday.",
        "The ceasefire in Sudan collapsed on Friday, the rebels said.",
    ),
]


@pytest.mark.parametrize(("why", "code", "hit", "miss"), PAIRS, ids=[why for why, *_ in PAIRS])
def test_a_near_miss_is_not_reached(why, code, hit, miss):
    assert statuses("", hit).get(code) == "reached", why
    assert statuses("", miss).get(code) != "reached", why


def test_a_headline_about_the_freed_is_no_release():
    assert statuses("Ukrainian prisoners released after two years")["prisoner_exchange"] == "reached"
    quoted = "'We lost hope', say Ukrainian prisoners released after two years"
    assert statuses(quoted).get("prisoner_exchange") != "reached"
    assert statuses("Medic released in Ukraine prisoner swap accuses captors").get("prisoner_exchange") != "reached"
    assert statuses("Medic and 40 soldiers released in Ukraine prisoner swap")["prisoner_exchange"] == "reached"


def test_a_month_is_recent_or_history_by_the_day_of_publication():
    text = "The EU imposed sanctions on Russia in May."
    assert statuses("", text, published=date(2026, 5, 20))["sanctions_imposed"] == "reached"
    assert statuses("", text, published=date(2026, 6, 20))["sanctions_imposed"] == "reached"
    assert "sanctions_imposed" not in statuses("", text, published=date(2026, 11, 20))


def test_what_hangs_on_a_condition_moves_no_issue():
    assert movements("Ukraine war", "Strikes killed nine civilians in Kharkiv.")["civilian_protection"] == "regress"
    told = movements("Ukraine war", "Allies will act if strikes kill more civilians in Kharkiv.")
    assert told["civilian_protection"] == "mentioned"
