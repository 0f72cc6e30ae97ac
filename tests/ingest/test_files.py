"""Files: good and bad entries by line, in constant memory."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.files import MAX_ENTRY_BYTES, read_texts
from services.ingest.inputs import NewsIn, Rejected
from tests.ingest.builders import raw_news


def entries(content: bytes) -> list:
    return list(read_texts(io.BufferedReader(io.BytesIO(content))))


def lines(*raws) -> bytes:
    return b"\n".join(raw if isinstance(raw, bytes) else json.dumps(raw).encode() for raw in raws)


def summary(content: bytes) -> list:
    """Each entry as its line and either its title or the beginning of the reason."""
    return [
        (entry.line, entry.item.title if isinstance(entry.item, NewsIn) else entry.item.reason.split(" at ")[0])
        for entry in entries(content)
    ]


def test_json_lines_are_read_with_their_numbers_and_empty_lines_passed_over():
    content = b"\xef\xbb\xbf" + lines(raw_news(title="one"), b"", b"  ", raw_news(title="two")) + b"\r\n"
    assert summary(content) == [(1, "one"), (4, "two")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"title": "\xff"}', "not UTF-8"),
        (b'{"title": ', "broken JSON: EOF while parsing a value"),
        (b'{"title": "\\ud83d"}', "broken JSON: unexpected end of hex escape"),
        (b"[" * 100_000, "broken JSON: recursion limit exceeded"),
        (b'{"title": "a", "text": "b"}', "published_at: Field required"),
        (
            b'{"date": "soon", "title": "a", "text": "b"}',
            "published_at: expected a time such as 2026-03-02T09:30:00Z, or a date",
        ),
        (b'"text"', "expected an object with"),
        (b" " * (MAX_ENTRY_BYTES + 100), f"the line is longer than {MAX_ENTRY_BYTES} bytes"),
    ],
)
def test_a_broken_line_costs_only_itself(line, reason):
    content = lines(raw_news(title="before"), line, raw_news(title="after"))
    assert summary(content) == [(1, "before"), (2, reason), (3, "after")]


def test_the_longest_line_may_be_the_last_and_have_no_end():
    assert summary(b"{" + b" " * MAX_ENTRY_BYTES) == [(1, f"the line is longer than {MAX_ENTRY_BYTES} bytes")]


@pytest.mark.parametrize(
    "names",
    [
        ("published_at", "url", "title", "text", "publisher"),
        ("date", "link", "headline", "body", "source"),
        ("published", "href", "title", "content", "outlet"),
        ("pubDate", "link", "title", "description", "domain"),
    ],
)
def test_fields_are_known_by_their_usual_other_names(names):
    values = ("2021-12-29", "https://herald.example/a", "Truce", "They signed.", "The Herald")
    [entry] = entries(lines(dict(zip(names, values, strict=True))))
    news = entry.item
    assert (news.url, news.title, news.text, news.publisher) == values[1:]
    assert news.published_at.isoformat() == "2021-12-29T00:00:00+00:00"


def test_of_several_names_the_first_with_words_counts_and_other_fields_are_left_out():
    raw = raw_news(text="", summary="In short.", description="At length.", score=3, lang="English")
    [entry] = entries(lines(raw))
    assert (entry.item.text, entry.item.language) == ("At length.", None)


def test_an_empty_text_beside_a_title_is_an_empty_text():
    [entry] = entries(lines(raw_news(text="")))
    assert entry.item.text == ""


def test_an_array_is_read_element_by_element_with_the_line_each_starts_on():
    content = json.dumps([raw_news(title="one"), raw_news(title="two"), 7], indent=1).encode()
    assert summary(b"\n" + content + b"\n") == [(3, "one"), (9, "two"), (15, "expected an object with")]


def test_an_array_longer_than_what_is_read_at_once_is_read_whole():
    texts = [raw_news(title=f"title {number} ü", text="a\n" * 500) for number in range(300)]
    assert [title for _, title in summary(json.dumps(texts, ensure_ascii=False).encode())] == [
        text["title"] for text in texts
    ]


@pytest.mark.parametrize(
    ("content", "last"),
    [
        (b"[]", None),
        (b"[", "the array has no end"),
        (b'[{"title": "a"', "broken JSON"),
        (b"[tru]", "broken JSON"),
        (b"[] []", "something follows the array"),
        (b'[{"title": "\xff"}]', "not UTF-8"),
        (b"[" + b'{"a":' * 200_000, "broken JSON: nested too deeply"),
        (b'["' + b"a" * (MAX_ENTRY_BYTES + 200_000) + b'"]', "broken JSON"),
    ],
)
def test_where_an_array_cannot_be_read_on_the_last_entry_says_so(content, last):
    read = entries(content)
    assert (read[-1].item.reason[: len(last)] if last else read) == (last or [])


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda content: b"[" + content))
def test_no_file_breaks_the_reader(content):
    assert all(isinstance(entry.item, NewsIn | Rejected) and entry.line >= 1 for entry in entries(content))


@given(st.lists(st.text(max_size=40), max_size=20), st.booleans())
def test_every_text_of_a_file_comes_out_in_order(titles, as_array):
    raws = [raw_news(title=title, text="x") for title in titles]
    content = json.dumps(raws).encode() if as_array else lines(*raws)
    assert [entry.item.title for entry in entries(content)] == titles
