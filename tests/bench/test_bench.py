"""What benchmarks are made of; their figures are no business of a test."""

import json
import sys

import pytest

from bench import __main__ as bench
from bench import report as reports
from bench.texts import texts
from services.classify import lexicon as lexicons
from services.classify.pipeline import read
from shared import catalogue as catalogues

CATALOGUE = catalogues.load()


def test_help_names_every_benchmark(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", "--help"])
    with pytest.raises(SystemExit) as exit_:
        bench.main()
    assert exit_.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in bench.BENCHMARKS)


def test_made_up_texts_are_the_same_each_time_and_a_tenth_of_them_is_about_a_process():
    made = texts(200, CATALOGUE)
    assert made == texts(200, CATALOGUE)
    assert made != texts(200, CATALOGUE, seed=2)
    assert len({text["url"] for text in made}) == 200
    lexicon = lexicons.load()
    inside = [text for text in made if read(text["title"], text["text"], CATALOGUE, lexicon) is not None]
    assert 10 <= len(inside) <= 20


def test_a_report_is_a_table_json_a_picture_and_ratio_lines(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(reports, "RESULTS", tmp_path)
    rows = [{"texts": 10, "a/s": 5.0, "b/s": 10.0}, {"texts": 100, "a/s": 6.0, "b/s": 10.0}]
    reports.report("demo", "a over b", rows, {"demo": 0.6}, picture=["a/s", "b/s"])
    assert capsys.readouterr().out.splitlines()[-1] == "ratio demo 0.600"
    assert json.loads((tmp_path / "demo.json").read_text())["ratios"] == {"demo": 0.6}
    assert (tmp_path / "demo.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("share", "value"), [(0, 1), (0.5, 3), (0.99, 5), (1, 5)])
def test_percentiles_are_values_that_occurred(share, value):
    assert reports.percentile([5, 3, 1, 2, 4], share) == value
