"""Clean words, one origin, and refusals that say what is wrong."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.inputs import Rejected
from services.ingest.normalise import clean, content_of, meeting, news
from shared.events import MAX_TEXT_BYTES, MeetingPublished, NewsPublished
from tests.builders import NOW, URL
from tests.ingest.builders import meeting_in, news_in


@pytest.mark.parametrize(
    ("dirty", "words"),
    [
        ("<p>Talks &amp; truce</p>", "Talks & truce"),
        ("the <b>truce</b>s held", "the truces held"),
        ("first<br/>second<p>third", "first\nsecond\nthird"),
        ("&lt;p&gt;escaped markup&lt;/p&gt;", "escaped markup"),
        ("&amp;quot;escaped twice&amp;quot;", '"escaped twice"'),
        ("fewer than 5 < 7 and x<y stay", "fewer than 5 < 7 and x<y stay"),
        ("R&notify and AT&T; stay", "R&notify and AT&T; stay"),
        ("<script>alert(1)</script>News", "News"),
        ("<style type='x'>b{}</style>News<!-- ad -->", "News"),
        ("<![CDATA[Truce &amp; talks]]> <Kyiv> agreed", "Truce & talks <Kyiv> agreed"),
        ("  many \t\u00a0 spaces \r\n\r\n  and lines ", "many spaces\nand lines"),
        ("be\x00ll\x07 and so\u00adft hy\u200bphens\ufeff", "bell and soft hyphens"),
        ("caf\u0065\u0301", "caf\u00e9"),
        ("&#x41;&#66;&#xD800;&#0;", "AB\ufffd\ufffd"),
        ("&#99999999999999999999;", "&#99999999999999999999;"),
        ("\u06a9\u062a\u0627\u0628\u200c\u0647\u0627", "\u06a9\u062a\u0627\u0628\u200c\u0647\u0627"),
    ],
)
def test_left_overs_of_html_and_what_nobody_sees_are_gone(dirty, words):
    assert clean(dirty) == words


@given(st.text())
def test_whatever_comes_is_storable_single_spaced_words(text):
    words = clean(text)
    assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in words)
    assert words == "\n".join(" ".join(line.split()) for line in words.splitlines())


@given(
    st.lists(st.sampled_from(["&", "amp;", "<", ">", "p", "/", "#", "39;", "lt;", "script", "!", "-", " ", '"', "="]))
)
def test_no_arrangement_of_markup_breaks_the_cleaning(pieces):
    assert "<script>" not in clean("".join(pieces)).replace("&lt;", "")


@pytest.mark.parametrize(
    "unit", ["<", "<p", "<script>", "&", "&#", "<!--", '<a b="', "a\u0300\u0316", "\u0300\u0316", " "]
)
def test_hostile_repetitions_of_the_largest_size_are_survived(unit):
    text = unit * (MAX_TEXT_BYTES // len(unit.encode()) - 10)
    assert len(clean(text)) <= len(text)


def test_half_a_surrogate_pair_is_refused_by_name_and_place():
    item = news_in().model_copy(update={"text": "broken \ud83d here"})
    with pytest.raises(Rejected, match="text: holds half a surrogate pair at character 7") as refused:
        news(item, source="herald", now=NOW)
    assert refused.value.pointer == "/text"


def test_news_keeps_its_words_and_gains_an_origin_a_language_and_a_fingerprint():
    event = news(news_in(url=URL + "?utm_source=feed#top", publisher="somebody else"), source="herald", now=NOW)
    assert (event.url, event.publisher, event.source) == (URL, "herald.example", "herald")
    assert (event.language, event.revision, event.fetched_at) == ("en", 1, NOW)
    assert len(event.fingerprint) == 16


def test_a_title_is_one_line_and_a_text_keeps_its_lines():
    event = news(news_in(title="Truce\nsigned", text="First line.\n\nSecond line."), source="herald", now=NOW)
    assert (event.title, event.text) == ("Truce signed", "First line.\nSecond line.")


@pytest.mark.parametrize(("given", "published"), [("de-AT", "de"), ("EN", "en")])
def test_a_language_that_is_given_is_believed(given, published):
    assert news(news_in(language=given), source="herald", now=NOW).language == published


def test_without_a_url_the_publisher_is_what_the_client_says():
    assert news(news_in(url=None, publisher="www.herald.co.uk"), source="x", now=NOW).publisher == "herald.co.uk"
    assert news(news_in(url=" ", publisher="The  Herald"), source="x", now=NOW).publisher == "The Herald"
    assert news(news_in(url=None), source="x", now=NOW).publisher is None


def test_a_publication_time_in_the_future_is_taken_as_it_is():
    ahead = NOW + timedelta(days=400)
    assert news(news_in(published_at=ahead), source="x", now=NOW).published_at == ahead


def test_a_text_of_256_kib_is_taken_and_one_byte_more_is_too_large():
    title = "Truce"
    fits = news_in(title=title, text="a" * (MAX_TEXT_BYTES - len(title)))
    assert len(news(fits, source="x", now=NOW).text) == MAX_TEXT_BYTES - len(title)
    with pytest.raises(Rejected) as refused:
        news(fits.model_copy(update={"title": "Truces"}), source="x", now=NOW)
    assert refused.value.status == 413


@pytest.mark.parametrize(
    ("overrides", "pointer"),
    [
        ({"title": " ", "text": "<br>"}, "/text"),
        ({"url": "ftp://herald.example/a"}, "/url"),
        ({"url": "herald.example/a"}, "/url"),
    ],
)
def test_what_cannot_be_a_news_text_is_refused(overrides, pointer):
    with pytest.raises(Rejected) as refused:
        news(news_in(**overrides), source="x", now=NOW)
    assert refused.value.pointer == pointer
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("overrides", "pointer"),
    [
        ({"title": "\x00"}, "/title"),
        ({"uid": "\x07"}, "/uid"),
        ({"ends_at": datetime(2026, 3, 9, 11, 59, tzinfo=UTC)}, "/ends_at"),
        ({"description": "a" * MAX_TEXT_BYTES}, "/description"),
    ],
)
def test_what_cannot_be_a_meeting_is_refused(overrides, pointer):
    with pytest.raises(Rejected) as refused:
        meeting(meeting_in(**overrides), source="x", now=NOW)
    assert refused.value.pointer == pointer


def test_a_meeting_without_announcement_time_was_announced_when_it_came():
    event = meeting(meeting_in(location=" Istanbul ", participants=("Ukraine", " ")), source="key", now=NOW)
    assert (event.published_at, event.publisher) == (NOW, "ministry.example")
    assert (event.location, event.participants) == ("Istanbul", ("Ukraine",))


def test_only_words_make_a_new_revision_of_a_text_and_times_too_of_a_meeting():
    text = news(news_in(), source="x", now=NOW)
    later = news(news_in(published_at=NOW, language="de"), source="y", now=NOW + timedelta(hours=1))
    assert content_of(text) == content_of(later)
    assert content_of(text) != content_of(news(news_in(title="Truce broken"), source="x", now=NOW))
    talks = meeting(meeting_in(), source="x", now=NOW)
    moved = meeting(meeting_in(starts_at=NOW), source="x", now=NOW)
    assert talks.meeting_id == moved.meeting_id
    assert content_of(talks) != content_of(moved)


def _result(normalise, item):
    try:
        return normalise(item, source="x", now=NOW)
    except Rejected as refused:
        return refused


@given(
    st.builds(
        news_in,
        url=st.none() | st.text(max_size=50) | st.from_regex(r"https?://[^\s]{1,30}", fullmatch=True),
        id=st.none() | st.text(max_size=20),
        publisher=st.none() | st.text(max_size=50),
        title=st.text(max_size=50),
        text=st.text(max_size=200),
    )
)
def test_any_text_becomes_an_event_that_can_be_read_back_or_is_refused_with_a_reason(item):
    result = _result(news, item)
    if isinstance(result, Rejected):
        assert result.reason
    else:
        assert NewsPublished.model_validate_json(result.model_dump_json()) == result


@given(
    st.builds(
        meeting_in, uid=st.text(min_size=1, max_size=20), title=st.text(max_size=50), description=st.text(max_size=200)
    )
)
def test_any_meeting_becomes_an_event_that_can_be_read_back_or_is_refused_with_a_reason(item):
    result = _result(meeting, item)
    if isinstance(result, Rejected):
        assert result.reason
    else:
        assert MeetingPublished.model_validate_json(result.model_dump_json()) == result
