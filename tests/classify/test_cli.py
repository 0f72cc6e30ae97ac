import json

import pytest
from typer.testing import CliRunner

from services.classify.cli import app

TRUCE = {"id": "1", "date": "2026-03-02", "title": "Israel and Hezbollah agree to a ceasefire", "text": ""}
SPORT = {"id": "2", "date": "2026-03-02", "title": "Striker scores twice", "text": "A cup final."}


def run(*arguments: str, stdin: str = ""):
    return CliRunner().invoke(app, list(arguments), input=stdin)


def lines(*rows) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_json_lines_come_in_and_go_out_one_for_one():
    result = run(stdin=lines(TRUCE, SPORT))
    first, second = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 0
    assert (first["id"], first["in_domain"], first["milestones"]) == ("1", True, {"ceasefire_agreed": "reached"})
    assert first["issues"] == {"ceasefire": "advance"}
    assert (first["tone"], first["processes"]) == ("positive", ["lebanon"])
    assert (second["id"], second["in_domain"], second["milestones"]) == ("2", False, {})


def test_a_bad_line_is_named_and_the_rest_goes_on():
    stdin = lines(TRUCE) + '{"title": \n[]\n{"title": 5, "text": ""}\n{"id": "9"}\n\n' + lines(SPORT)
    result = run(stdin=stdin)
    assert result.exit_code == 1
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["1", "2"]
    for number, what in ((2, "no JSON"), (3, "an object"), (4, "title is 5"), (5, "neither title nor text")):
        assert f"line {number}: " in result.stderr
        assert what in result.stderr


def test_a_file_of_json_lines_is_read_with_an_option(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text(lines(TRUCE), encoding="utf-8")
    for option in ("--file", "-f"):
        result = run(option, str(path))
        assert json.loads(result.stdout)["milestones"] == {"ceasefire_agreed": "reached"}


def test_a_plain_text_is_read_by_its_path_and_its_first_line_is_the_title(tmp_path):
    path = tmp_path / "article.txt"
    path.write_text("Envoys to meet in Geneva\nUkraine and Russia will hold peace talks on Monday.\n", encoding="utf-8")
    result = run(str(path))
    assert result.exit_code == 0
    assert json.loads(result.stdout)["milestones"] == {"talks_scheduled": "reached"}


def test_a_file_that_is_not_there_is_one_sentence():
    result = run("nowhere.txt")
    assert result.exit_code == 2
    assert "nowhere.txt: cannot be read" in result.stderr


def test_explain_shows_what_was_read_and_why(tmp_path):
    path = tmp_path / "article.txt"
    path.write_text("Sudan\nThe army and the RSF could agree to a truce.\n", encoding="utf-8")
    for text in (str(path), "The army of Sudan and the RSF could agree to a truce."):
        result = run("explain", text)
        assert result.exit_code == 0
        assert "could" in result.stdout
        assert "sudan" in result.stdout
    assert "Outside the domain" in run("explain", "Striker scores twice in cup final").stdout


def test_evaluate_compares_with_labels(tmp_path):
    gold = tmp_path / "gold.jsonl"
    labels = {"in_domain": True, "milestones": {"ceasefire_agreed": "reached"}, "issues": {}, "tone": "positive"}
    gold.write_text(lines({**TRUCE, **labels}), encoding="utf-8")
    result = run("evaluate", str(gold))
    assert result.exit_code == 0
    assert "milestone reached" in result.stdout
    assert "1.000" in result.stdout


def test_a_wrong_catalogue_is_one_sentence(tmp_path):
    path = tmp_path / "processes.yaml"
    path.write_text("processes: []\n", encoding="utf-8")
    result = run("--catalogue", str(path), stdin=lines(TRUCE))
    assert result.exit_code == 2
    assert "holds no process" in result.stderr


def test_the_help_teaches_all_ways_in():
    result = run("--help")
    assert result.exit_code == 0
    for word in ("article.txt", "texts.jsonl", "explain", "evaluate"):
        assert word in result.stdout


@pytest.mark.parametrize("command", ["explain", "evaluate"])
def test_commands_have_help_of_their_own(command):
    assert run(command, "--help").exit_code == 0


def test_explain_says_why_not(tmp_path):
    text = "The army of Sudan and the RSF could agree to a truce."
    assert "ceasefire_agreed not reached" in run("explain", text).stdout.replace("\n", " ")
    page = tmp_path / "why.html"
    assert run("explain", text, "--html", str(page)).exit_code == 0
    assert "could" in page.read_text(encoding="utf-8")
    assert "<span" in page.read_text(encoding="utf-8")
    refused = run("explain", text, "--html", str(tmp_path / "nowhere" / "why.html"))
    assert refused.exit_code == 2
    assert "cannot be written" in refused.stderr
