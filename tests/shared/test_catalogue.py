import pytest

from shared import catalogue

GOOD = """\
processes:
  - id: borderland
    name: Borderland
    parties:
      - name: Northland
        kind: state
        aliases: [Northern]
        publishers: [president.northland.example]
      - name: Southern Front
        kind: armed_group
        recognises: with_others
    places: [Middle Valley]
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str):
        path = tmp_path / "processes.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_shipped_catalogue_holds_the_processes_that_people_follow():
    shipped = catalogue.load()
    expected = "ukraine gaza lebanon israel_syria syria yemen sudan south_sudan drc ethiopia armenia_azerbaijan kashmir"
    expected += " korea iran venezuela kosovo cyprus myanmar colombia thailand_cambodia somaliland"
    assert set(expected.split()) <= set(shipped.processes)


def test_every_shipped_process_has_two_parties_and_an_official_publisher():
    for process in catalogue.load().processes.values():
        assert len(process.parties) > 1, process.id
        assert process.official_publishers, process.id


def test_a_party_speaks_through_its_own_publishers():
    parties = {party.name: party for party in catalogue.load().processes["ukraine"].parties}
    assert "president.gov.ua" in parties["Ukraine"].publishers
    assert "kremlin.ru" in parties["Russia"].publishers


def test_a_catalogue_of_ones_own_is_read(written):
    read = catalogue.load(written(GOOD))
    assert [party.name for party in read.processes["borderland"].parties] == ["Northland", "Southern Front"]
    assert read.processes["borderland"].parties[1].recognises == "with_others"


def test_a_word_that_yaml_takes_for_a_boolean_stays_a_word(written):
    read = catalogue.load(written(GOOD.replace("[Middle Valley]", "[No, Yes]")))
    assert read.processes["borderland"].places == ("No", "Yes")


def test_the_version_follows_the_content(written):
    first = catalogue.load(written(GOOD)).version
    assert catalogue.load(written(GOOD)).version == first
    assert catalogue.load(written(GOOD + "# changed\n")).version != first


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (GOOD.replace("    places:", "    plaices:"), 12, "plaices: unknown field"),
        (GOOD + GOOD.removeprefix("processes:\n"), 13, "'borderland' is there twice"),
        (GOOD.replace("kind: state", "kind: kingdom"), 6, "kind"),
        (GOOD.replace("[Northern]", "Northern"), 7, "aliases"),
        (GOOD.replace("president.northland.example", "https://northland.example/"), 8, "publishers"),
        (GOOD.replace("id: borderland", "id: Border Land"), 2, "id"),
        (GOOD.replace("name: Southern Front", "name: Northland"), 2, "same name"),
        (GOOD.replace("    places:", "    name: Again\n    places:"), 12, "'name' is there twice"),
        ("processes:\n  - id: x\n    name: Ex\n    parties: []\n", 4, "parties"),
        ("processes: {}\n", 1, "a list"),
        ("processes: []\n", 1, "no process"),
        ("other: []\n", 1, "`processes`"),
        ("processes: [\n", 2, "no YAML"),
    ],
)
def test_a_mistake_names_the_file_the_line_and_what_is_wrong(written, text, line, what):
    path = written(text)
    with pytest.raises(catalogue.CatalogueError) as error:
        catalogue.load(path)
    assert f"{path}, line {line}:" in str(error.value)
    assert what in str(error.value)


def test_an_empty_file_and_a_missing_one_say_so(written, tmp_path):
    with pytest.raises(catalogue.CatalogueError, match="is empty"):
        catalogue.load(written(""))
    with pytest.raises(catalogue.CatalogueError, match="cannot be read"):
        catalogue.load(tmp_path / "nowhere.yaml")
