"""Languages by their ISO 639-1 code, or none."""

import pytest

from services.ingest.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Negotiators signed a ceasefire on Monday, and fighting is to end at midnight.", "en"),
        ("Die Unterhändler unterschrieben am Montag eine Waffenruhe.", "de"),
        ("Les négociateurs ont signé lundi un cessez-le-feu.", "fr"),
        ("Переговорники підписали угоду про перемир’я в понеділок.", "uk"),
        ("وقع المفاوضون اتفاق وقف إطلاق النار يوم الاثنين", "ar"),
        ("谈判代表周一签署了停火协议，战斗将于午夜结束。", "zh"),
    ],
)
def test_a_sentence_tells_its_language(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "Ok", "123 456", "!?", "\ufffd"])
def test_what_is_too_short_to_tell_has_none(text):
    assert language_of(text) is None


def test_news_from_nigeria_is_english_not_a_language_without_a_two_letter_code():
    assert language_of("Dozens of Nigerians were freed from a church in the south of the country") == "en"
