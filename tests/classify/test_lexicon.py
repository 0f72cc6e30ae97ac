import shutil

import pytest

from services.classify import lexicon
from shared.vocabulary import CODES


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped lexicon, to be spoiled."""
    copy = tmp_path / "lexicon"
    shutil.copytree(lexicon.SHIPPED, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy


def test_every_code_has_its_file():
    assert {path.stem for path in (lexicon.SHIPPED / "codes").glob("*.yaml")} == set(CODES)


def test_the_version_follows_the_content_of_every_file(folder):
    before = lexicon.load(folder).version
    assert before == lexicon.shipped().version
    with (folder / "codes" / "ceasefire_agreed.yaml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert lexicon.load(folder).version != before


@pytest.mark.parametrize(
    ("name", "content", "line", "what"),
    [
        (
            "codes/talks_held.yaml",
            "code: talks_held\nissue: negotiation\nevents: ['~hold @palaver']\n",
            3,
            "'@palaver'",
        ),
        ("codes/talks_held.yaml", "code: chats_held\nissue: negotiation\n", 1, "no code 'chats_held'"),
        ("codes/talks_held.yaml", "code: talks_held\nissue: weather\n", 2, "no issue 'weather'"),
        ("codes/talks_held.yaml", "code: talks_held\nissue: negotiation\nevent: []\n", 3, "unknown field"),
        (
            "codes/talks_held.yaml",
            "code: talks_held\nissue: negotiation\nnouns:\n  - talks\n  - 3 talks\n",
            5,
            "begins",
        ),
        ("tone.yaml", "weights:\n  often: [war]\n", 2, "weights"),
        ("issues.yaml", "mentions:\n  weather: [rain]\n", 2, "no issue 'weather'"),
    ],
)
def test_a_mistake_names_the_file_the_line_and_what_is_wrong(folder, name, content, line, what):
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(lexicon.LexiconError) as error:
        lexicon.load(folder)
    assert f"{folder / name}, line {line}:" in str(error.value)
    assert what in str(error.value)


def test_a_missing_file_says_so(folder):
    (folder / "words.yaml").unlink()
    with pytest.raises(lexicon.LexiconError, match=r"words\.yaml: cannot be read"):
        lexicon.load(folder)
