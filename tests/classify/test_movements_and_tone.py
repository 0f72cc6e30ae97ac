import pytest

from tests.classify.reading import movements, tone


@pytest.mark.parametrize(
    ("issue", "direction", "title"),
    [
        ("ceasefire", "advance", "Israel and Hezbollah agree to a truce"),
        ("ceasefire", "regress", "Houthis reject ceasefire"),
        ("ceasefire", "mentioned", "UN calls for a ceasefire in Sudan"),
        ("sanctions", "regress", "EU adopts new sanctions against Russia"),
        ("sanctions", "advance", "Washington lifts sanctions on Syria"),
        ("prisoners", "advance", "Hamas releases two hostages"),
        ("prisoners", "regress", "Militants threaten to kill hostages in Darfur"),
        ("negotiation", "stall", "Peace talks on Cyprus remain deadlocked"),
        ("negotiation", "advance", "Ukraine and Russia to hold peace talks in Geneva on Monday"),
        ("negotiation", "regress", "Rebels walk out of Darfur peace talks"),
        ("civilian_protection", "regress", "Air strike on a school in Gaza kills 12 children"),
        ("troop_withdrawal", "advance", "Rwanda withdraws troops from eastern Congo"),
        ("verification", "regress", "Gunmen kill two peacekeepers in South Sudan"),
    ],
)
def test_an_issue_moves_as_the_text_says(issue, direction, title):
    assert movements(title).get(issue) == direction


def test_fighting_alone_moves_no_issue():
    assert movements("Russian warplanes attack Ukrainian positions near Kupiansk") == {}


@pytest.mark.parametrize(
    ("expected", "title"),
    [
        ("positive", "Israel and Hezbollah agree to a ceasefire"),
        ("positive", "Hostages freed in Gaza return to joy and relief"),
        ("negative", "Air strike kills 30 in Gaza"),
        ("negative", "Russia rejects ceasefire and attacks Kharkiv"),
        ("neutral", "What to know about the Cyprus peace process"),
        ("neutral", "Striker scores twice in cup final"),
    ],
)
def test_the_tone_is_that_of_the_prospects_of_peace(expected, title):
    assert tone(title) == expected
