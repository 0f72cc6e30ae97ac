"""One form for all spellings of a URL, and the publisher behind it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.urls import canonical_url, named_publisher, publisher_of


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("HTTPS://Herald.Example/World/../a", "https://herald.example/a"),
        ("https://herald.example/a?b=2&a=1", "https://herald.example/a?a=1&b=2"),
        ("https://herald.example/a#comments", "https://herald.example/a"),
        ("https://herald.example/a?utm_source=x&utm_Medium=y&id=7&fbclid=z", "https://herald.example/a?id=7"),
        ("https://herald.example/a?at_medium=RSS&at_campaign=K", "https://herald.example/a"),
        ("https://herald.example/a?status=1&cmpx=2", "https://herald.example/a?cmpx=2&status=1"),
        ("https://reader:secret@herald.example/a", "https://herald.example/a"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("  https://herald.example  ", "https://herald.example/"),
    ],
)
def test_spellings_of_one_url_are_one(given, canonical):
    assert canonical_url(given) == canonical
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "",
        "herald.example/a",
        "/a",
        "mailto:desk@herald.example",
        "javascript:alert(1)",
        "ftp://herald.example/a",
        "https://",
        "https:///a",
        "https://herald.example:99999/",
        "https://[::1/",
        "https://he rald.example/",
        "https://herald.example/\ud83d",
        "https://her\ud83dald.example/",
    ],
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(ValueError, match=r".+"):
        canonical_url(url)


@given(st.text(max_size=60).map(lambda text: "https://herald.example/" + text) | st.text(max_size=40))
def test_any_text_gives_a_stable_printable_url_or_is_refused(text):
    try:
        url = canonical_url(text)
    except ValueError:
        return
    assert url.isascii()
    assert url.isprintable()
    assert " " not in url
    assert publisher_of(url)


@pytest.mark.parametrize(
    ("url", "publisher"),
    [
        ("https://www.bbc.co.uk/news", "bbc.co.uk"),
        ("https://edition.cnn.com/", "cnn.com"),
        ("https://www.news.herald.example/", "herald.example"),
        ("https://someone.github.io/", "someone.github.io"),
        ("https://github.io/", "github.io"),
        ("http://192.0.2.7/", "192.0.2.7"),
        ("http://[2001:db8::1]:8080/", "2001:db8::1"),
        ("http://localhost:8000/", "localhost"),
    ],
)
def test_the_publisher_is_the_registrable_domain(url, publisher):
    assert publisher_of(canonical_url(url)) == publisher


@pytest.mark.parametrize(
    ("name", "publisher"),
    [
        ("http://feeds.herald.co.uk/rss.xml", "herald.co.uk"),
        ("www.Herald.example", "herald.example"),
        ("The Herald", "The Herald"),
        ("http://", "http://"),
    ],
)
def test_a_publisher_named_by_url_or_domain_is_its_registrable_domain(name, publisher):
    assert named_publisher(name) == publisher
