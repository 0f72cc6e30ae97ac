"""Fit the weights that ship: ``python -m services.classify.training happening FILE=WEIGHT ...``, or ``plover FILE``.

``happening`` (``happening.py``): JSON lines as in the unified factuality corpora (Stanovsky et al. 2017, Rudinger et
al. 2018): ``text`` (tokens separated by spaces), ``targets`` with ``span1`` (token offsets) and ``label`` (-3 to 3).
The weight says how much an example of the file counts; what ships was made with MEANTIME_train=7 and UDS_IH2_train=1.
``plover`` (``plover.py``): JSON lines with ``text``, ``source``, ``target`` and ``root``.
The corpora are not part of the project. The same files always give the same weights.
"""

import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from services.classify import happening, plover
from services.classify.factuality import named
from services.classify.weights import Weights, save

HAPPENED: Final = 1.5
"""The label from which an event counts as having happened."""
EPOCHS: Final = 12
_RATE: Final = 0.15
_BIAS_RATE: Final = 0.01
_DECAY: Final = 0.0008
_STRIDE: Final = 7919
"""A prime: examples are taken in steps of it, which mixes the files and is the same each time."""
_SMALL: Final = 0.02


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled example: its features, its label, and how much it counts."""

    features: Sequence[str]
    label: str
    weight: float = 1.0


def happenings(path: Path, weight: float = 1.0) -> Iterator[Example]:
    """The labelled events of a factuality corpus; spans without a word are left out."""
    for row in _rows(path):
        for start, end, label in _spans(row["text"], row["targets"]):
            event = named(row["text"], start, end)
            if event is not None:
                reader, index = event
                found = happening.features(reader.syntax, index, reader.word(index))
                yield Example(found, "happened" if label >= HAPPENED else "not", weight)


def roots(path: Path) -> Iterator[Example]:
    """The examples of a corpus of PLOVER roots."""
    for row in _rows(path):
        yield Example(plover.features(row["text"], row["source"], row["target"]), row["root"])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise SystemExit(f"{path}, line {number}: no JSON: {error}") from error


def _spans(text: str, targets: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int, float]]:
    """Character offsets and label of each labelled span of tokens."""
    starts, ends, at = [], [], 0
    for token in text.split(" "):
        starts.append(at)
        ends.append(at + len(token))
        at += len(token) + 1
    for target in targets:
        first, last = target["span1"]
        yield starts[first], ends[last - 1], float(target["label"])


def fit(examples: Sequence[Example], label: str, seldom: int, small: float = _SMALL) -> Weights:
    """Weights for one label by gradient descent with rates per feature (AdaGrad, Duchi et al. 2011), averaged.

    Args:
        examples: to learn from.
        label: what the weights decide.
        seldom: a feature that occurs less often gets no weight.
        small: a weight that is smaller is left out.

    """
    counts = Counter(feature for example in examples for feature in example.features)
    weights = {feature: 0.0 for feature, count in counts.items() if count >= seldom}
    seen, total = dict.fromkeys(weights, 1e-6), dict.fromkeys(weights, 0.0)
    bias = total_bias = 0.0
    rows = [([f for f in one.features if f in weights], one.label == label, one.weight) for one in examples]
    stride = _STRIDE if len(rows) % _STRIDE else 1
    for epoch in range(EPOCHS):
        for step in range(len(rows)):
            features, holds, weight = rows[(step * stride + epoch) % len(rows)]
            error = (Weights(bias, weights).probability(features) - holds) * weight
            bias -= _BIAS_RATE * error
            for feature in features:
                slope = error + _DECAY * weights[feature]
                seen[feature] += slope * slope
                weights[feature] -= _RATE * slope / math.sqrt(seen[feature])
        total_bias += bias / EPOCHS
        for feature, value in weights.items():
            total[feature] += value / EPOCHS
    kept = {feature: round(value, 2) for feature, value in sorted(total.items()) if abs(value) >= small}
    return Weights(round(total_bias, 2), kept)


def fit_roots(examples: Sequence[Example]) -> dict[str, Weights]:
    """Weights for each root against the others."""
    labels = sorted({example.label for example in examples})
    return {label: fit(examples, label, seldom=4, small=0.4) for label in labels}


def main(arguments: Sequence[str]) -> None:
    """Read the files, fit, write."""
    if len(arguments) < 2 or arguments[0] not in {"happening", "plover"}:  # noqa: PLR2004  what to fit, and a file
        raise SystemExit(__doc__)
    kind, files = arguments[0], arguments[1:]
    examples: list[Example] = []
    for argument in files:
        name, _, weight = argument.partition("=")
        examples += happenings(Path(name), float(weight or 1)) if kind == "happening" else roots(Path(name))
    if kind == "happening":
        decides, about, file = {"happened": fit(examples, "happened", seldom=20)}, happening.__doc__, happening.FILE
    else:
        decides, about, file = fit_roots(examples), plover.__doc__, plover.FILE
    save(file, str(about).partition("\n")[0], [Path(name).name for name in files], decides)
    sizes = sum(len(one.features) for one in decides.values())
    sys.stdout.write(f"{len(examples)} examples, {sizes} weights: {file}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
