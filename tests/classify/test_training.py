"""Fitting the weights: repeatable, small, and right on what is easy."""

import json

import pytest

from services.classify import happening, plover, training
from services.classify.weights import load


def factuality_lines(number: int) -> str:
    rows = []
    for index in range(number):
        rows.append({"text": f"The crew {index} will leave .", "targets": [{"span1": [4, 5], "label": -2.0}]})
        rows.append({"text": f"The crew {index} left early .", "targets": [{"span1": [3, 4], "label": 3.0}]})
    return "\n".join(map(json.dumps, rows)) + "\n"


def test_events_that_happened_are_told_from_those_to_come(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text(factuality_lines(30), encoding="utf-8")
    examples = list(training.happenings(path))
    assert len(examples) == 60
    fitted = training.fit(examples, "happened", seldom=20)
    assert fitted == training.fit(examples, "happened", seldom=20)
    assert [fitted.probability(one.features) > 0.5 for one in examples[:2]] == [False, True]


def test_roots_are_told_apart(tmp_path):
    path = tmp_path / "roots.jsonl"
    rows = [{"source": "Norway", "target": "Mali"}] * 10
    lines = [{**row, "text": "Norway met Mali.", "root": "CONSULT"} for row in rows]
    lines += [{**row, "text": "Norway accused Mali.", "root": "ACCUSE"} for row in rows]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    fitted = training.fit_roots(list(training.roots(path)))
    found = plover.features("Norway accused Mali.", "Norway", "Mali")
    assert max(fitted, key=lambda root: fitted[root].odds(found)) == "ACCUSE"


def test_a_broken_line_is_named(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("{}x\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"line 1: no JSON"):
        list(training.happenings(path))


def test_called_without_files_it_says_how_to():
    with pytest.raises(SystemExit, match="FILE=WEIGHT"):
        training.main([])


@pytest.mark.parametrize(("file", "at_most"), [(happening.FILE, 1_500), (plover.FILE, 8_000)])
def test_the_weights_that_ship_are_few_and_small(file, at_most):
    decides = load(file)
    numbers = [value for one in decides.values() for value in one.features.values()]
    assert 0 < len(numbers) <= at_most
    assert max(map(abs, numbers)) < 10
