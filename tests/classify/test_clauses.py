import string

from hypothesis import given
from hypothesis import strategies as st

from services.classify.clauses import MAX_SENTENCE, plain, sentences, words_of
from tests.classify.reading import read


def test_sentences_end_at_a_stop_but_not_at_an_abbreviation():
    found = sentences("text", "Gen. Haftar met Mr. Dbeibah on Oct. 5 in Tripoli. They agreed to talk again.")
    assert [sentence.words[0] for sentence in found] == ["gen", "they"]


def test_a_country_is_never_the_pronoun():
    assert words_of("US helps us, U.S. officials say") == ["u.s.", "helps", "us", ",", "u.s.", "officials", "say"]


def test_a_truce_is_one_word_with_or_without_its_hyphen():
    assert words_of("cease-fire Cease-Fire ceasefire") == ["ceasefire"] * 3


def test_hyphenated_names_fall_apart_and_hyphenated_words_do_not():
    assert words_of("Iran-US talks hit by sanctions-hit Iran") == [
        "iran",
        "-",
        "u.s.",
        "talks",
        "hit",
        "by",
        "sanctionshit",
        "iran",
    ]


def test_numbers_keep_their_commas_and_genitives_stand_alone():
    assert words_of("Myanmar’s 23,000 prisoners") == ["myanmar", "'s", "23,000", "prisoners"]
    assert plain("won’t") == "won't"


def test_broken_html_is_read_as_what_it_stood_for():
    assert words_of("Israel #39;s quot;promise quot;") == ["israel", "'s", '"', "promise", '"']


def test_a_clause_begins_at_its_conjunction():
    (sentence,) = sentences("text", "The truce held while talks went on in Doha")
    assert sentence.clause_of(1) == (0, 3)
    assert sentence.clause_of(4) == (3, 9)


def test_bullets_and_lines_are_sentences_of_their_own():
    assert len(sentences("text", "Truce in Aleppo\nTalks in Doha • Sanctions eased")) == 3


def test_the_quick_look_at_a_text_misses_nothing_that_the_gate_lets_in():
    for title in ("Cease-Fire in Yemen", "Houthi-held port shelled, rebels say", "UN-backed peace talks on Cyprus"):
        assert read(title) is not None


NASTY = st.text(
    alphabet=st.one_of(
        st.sampled_from(string.ascii_letters + string.punctuation + " \n\t\0’“”…—•\u200f\u202e\U0001f54a\ud800İß"),
        st.characters(),
    ),
    max_size=400,
)


@given(NASTY)
def test_every_token_lies_where_its_offsets_say(text):
    end = 0
    for sentence in sentences("text", text):
        assert len(sentence.words) <= MAX_SENTENCE
        for word, start, stop in zip(sentence.words, sentence.starts, sentence.ends, strict=True):
            assert end <= start < stop <= len(text)
            assert plain(text[start:stop]) == word
            end = stop
