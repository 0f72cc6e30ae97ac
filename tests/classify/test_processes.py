import pytest

from tests.classify.reading import read


def processes(title: str, text: str = "") -> set[str]:
    reading = read(title, text)
    return set(reading.processes) if reading else set()


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Kyiv and Moscow trade missile strikes", {"ukraine"}),
        ("Kremlin warns of new missile strikes", {"ukraine"}),
        ("Houthis fire missiles at ships", {"yemen"}),
        ("Hamas and the IDF clash in Rafah", {"gaza"}),
        ("Israeli troops cross into Syria", {"israel_syria", "syria"}),
        ("Israeli air strike near Beirut kills two", {"lebanon"}),
        ("Tehran rejects nuclear talks with Washington", {"iran"}),
        ("Pyongyang tests a ballistic missile", {"korea"}),
        ("India and Pakistan exchange fire", {"kashmir"}),
        ("Burmese army bombs a village", {"myanmar"}),
        ("M23 rebels advance on Uvira", {"drc"}),
        ("Juba and the White Army agree to a truce", {"south_sudan"}),
        ("Ceasefire in Kordofan as Gaza aid convoy waits at Rafah", {"sudan", "gaza"}),
        ("Rebels seize a town near the border", set()),
    ],
)
def test_a_text_is_about_the_processes_whose_names_it_holds(title, expected):
    assert processes(title) == expected


def test_a_name_with_a_capital_is_not_found_in_lower_case():
    assert processes("Rebels turn down offer of truce as turkey farms burn") == set()


def test_a_process_says_by_which_words_it_was_recognised():
    reading = read("Zelensky and Putin agree to a ceasefire in Donbas")
    assert reading is not None
    assert reading.processes["ukraine"] == ("Zelensky", "Putin", "Donbas")
