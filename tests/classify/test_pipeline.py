import hashlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classify.pipeline import classify
from tests.builders import FETCHED_AT, PUBLISHED_AT, news
from tests.classify.reading import CATALOGUE, LEXICON, read, statuses


def classified(**overrides):
    return classify(news(**overrides), CATALOGUE, LEXICON)


def test_a_signed_ceasefire_is_reached_with_its_sentence_as_evidence():
    event = news()
    (reading,) = classify(event, CATALOGUE, LEXICON)
    (signal,) = [s for s in reading.signals if s.code == "ceasefire_agreed"]
    assert (reading.process, signal.factuality) == ("ukraine", "reached")
    assert getattr(event, signal.evidence.field)[signal.evidence.start : signal.evidence.end] == signal.evidence.quote


def test_a_reading_carries_the_text_it_was_made_from():
    event = news()
    (reading,) = classify(event, CATALOGUE, LEXICON)
    assert reading.text_hash == hashlib.sha256(f"{event.title}\n{event.text}".encode()).hexdigest()
    assert (reading.text_id, reading.revision, reading.url) == (event.article_id, event.revision, event.url)
    assert (reading.rules_version, reading.catalogue_version) == (LEXICON.version, CATALOGUE.version)
    assert reading.process_reason == "Kyiv, Moscow"


def test_a_text_from_the_future_happened_when_it_was_fetched():
    (reading,) = classified(published_at=FETCHED_AT + timedelta(days=3))
    assert reading.occurred_at == FETCHED_AT
    (reading,) = classified()
    assert reading.occurred_at == PUBLISHED_AT


def test_a_text_outside_the_domain_gives_nothing():
    assert classified(title="Striker scores twice", text="The cup final ended three to one.") == ()


def test_a_text_of_no_known_process_is_told_once_without_one():
    (reading,) = classified(title="Rebels and army agree to a ceasefire", text="The fighting in the hills is over.")
    assert reading.process is None
    assert [str(s.factuality) for s in reading.signals if s.code == "ceasefire_agreed"] == ["reached"]


@pytest.mark.parametrize("language", ["fr", "ru", "ar"])
def test_another_language_is_marked_and_never_guessed(language):
    (reading,) = classified(language=language)
    assert (reading.supported, reading.process, reading.signals, reading.movements) == (False, None, (), ())


def test_an_undetermined_language_counts_as_english():
    assert classified(language=None)[0].supported


def test_each_process_gets_the_signals_of_its_own_clause():
    readings = classified(
        title="Two truces and a failure",
        text="Israel and Hezbollah agreed to a ceasefire in Lebanon. EU adopts new sanctions against Sudan's army.",
    )
    found = {r.process: {s.code for s in r.signals if s.factuality == "reached"} for r in readings}
    assert found["lebanon"] == {"ceasefire_agreed"}
    assert found["sudan"] == {"sanctions_imposed"}
    assert {r.process: {m.issue for m in r.movements} for r in readings} == {
        "lebanon": {"ceasefire"},
        "sudan": {"sanctions"},
    }


def test_a_clause_without_names_belongs_to_the_only_process():
    (reading,) = classified(title="War in Sudan", text="After months of talks, a ceasefire was agreed on Sunday.")
    assert [(s.code, str(s.factuality)) for s in reading.signals if s.code == "ceasefire_agreed"] == [
        ("ceasefire_agreed", "reached")
    ]


def test_actors_object_and_speaker_are_named_as_far_as_the_text_does():
    readings = classified(title="", text="Britain imposed sanctions on Russia on Monday, Moscow said.")
    (signal,) = [s for r in readings for s in r.signals if s.code == "sanctions_imposed"]
    assert signal.object == "Russia"
    assert signal.says == "Moscow"


def test_named_sources_are_told():
    (reading,) = classified(
        text="Kyiv and Moscow agreed to a truce, according to Axios. A minister told the BBC so. (Reuters)"
    )
    assert set(reading.named_sources) == {"Axios", "BBC", "Reuters"}


ARTICLE = """\
Envoys of Cyprus's two sides are to meet the UN mediator in Geneva next week for peace talks. The round, first reported \
by a local daily, could bring a framework for a settlement after years of deadlock.
Diplomats expect discussions on security guarantees, the withdrawal of Turkish troops and the return of property. \
A deal would need the approval of parliament in several countries.
Relief groups hope that a crossing at Famagusta may open. Sanctions and the exchange of prisoners are likely to come up. \
No accord is in sight yet, but the talks are a sign that diplomacy goes on."""


def test_an_outlook_on_talks_reaches_nothing_but_the_appointment():
    found = statuses("Cyprus envoys to gather in Geneva for peace talks", ARTICLE)
    assert found["talks_scheduled"] == "reached"
    assert {code for code, status in found.items() if status == "reached"} == {"talks_scheduled"}


def test_talks_that_broke_down_are_not_told_as_held():
    found = statuses(
        "Darfur rebels walk out of peace talks", "The peace talks between Sudan and the rebels were in Abuja."
    )
    assert found.get("talks_collapsed") == "reached"
    assert "talks_held" not in found


def test_talks_ahead_are_not_told_as_held():
    text = "The next round of talks between Armenia and Azerbaijan will take place on Monday."
    assert statuses("", text) == {"talks_scheduled": "reached"}


def test_an_embargo_whose_lifting_is_discussed_is_not_told_as_imposed():
    found = statuses("", "Brussels discusses the lifting of the arms embargo on Myanmar.")
    assert found == {"sanctions_eased": "prospective"}


def test_history_is_no_news():
    assert "troop_withdrawal" not in statuses(
        "", "Israel withdrew its troops from Lebanon in 2000.", published=date(2026, 7, 1)
    )
    assert (
        statuses("", "Israel withdrew its troops from Lebanon in 2026.", published=date(2026, 7, 1))["troop_withdrawal"]
        == "reached"
    )


WORDS = st.sampled_from(
    [
        "Russia",
        "Ukraine",
        "agree",
        "to",
        "a",
        "ceasefire",
        "truce",
        "not",
        "could",
        "talks",
        "hostages",
        "released",
        "sanctions",
        "lifted",
        ",",
        ".",
        "?",
        "said",
        "Kyiv",
        "Moscow",
        "withdraw",
        "troops",
        "if",
        "no",
        "will",
        "have",
        "been",
        "by",
        "on",
        "in",
        "the",
        "parliament",
        "approves",
        "rejects",
        "after",
        "peace",
        "deal",
    ]
)
NASTY = st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=200)


@given(st.lists(WORDS, max_size=60).map(" ".join), st.one_of(NASTY, st.lists(WORDS, max_size=80).map(" ".join)))
def test_whatever_the_text_the_evidence_quotes_it(title, text):
    event = news(title=title, text=text)
    for reading in classify(event, CATALOGUE, LEXICON):
        for part in (*reading.signals, *reading.movements):
            quoted = part.evidence
            assert getattr(event, quoted.field)[quoted.start : quoted.end] == quoted.quote


@given(st.lists(WORDS, max_size=60).map(" ".join))
def test_the_same_text_is_read_the_same_way(text):
    assert classified(text=text) == classified(text=text)


FACTS = [
    "Israel and Hezbollah agreed to a ceasefire.",
    "EU adopts new sanctions against Russia.",
    "Hamas released four hostages.",
    "Rwanda withdrew its troops from Goma.",
    "Armenia may sign a peace deal with Azerbaijan.",
]


@given(st.permutations(FACTS))
def test_the_order_of_independent_sentences_does_not_matter(facts):
    assert statuses("War", " ".join(facts)) == statuses("War", " ".join(FACTS))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ceasefire",
        "\ud800 ceasefire \udfff in Gaza",
        "\u202eGaza ceasefire\u200f \U0001f54a️ agreed",
        "&lt;b&gt;Gaza&lt;/b&gt; ceasefire #39;agreed quot;",
        "war hostages Gaza " + "agree to a ceasefire " * 5_000,
        "war hostages Gaza " + "so " * 350_000,
        "(" * 100_000 + "Gaza hostages",
        "a-" * 100_000,
    ],
)
def test_no_text_is_too_strange_or_too_long(text):
    read("Hostages in Gaza", text)
    assert read("Gaza: hostages freed", text) is not None
