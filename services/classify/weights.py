"""Fitted numbers: logistic regressions whose features have names, kept as JSON beside the lexicon."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "lexicon"
_STEEPEST: Final = 30.0


@dataclass(frozen=True, slots=True)
class Weights:
    """One logistic regression: log odds without any feature, and what each feature adds."""

    bias: float
    features: Mapping[str, float]

    def odds(self, features: Iterable[str]) -> float:
        """The log odds of something with these features."""
        return self.bias + sum(self.features.get(feature, 0.0) for feature in features)

    def probability(self, features: Iterable[str]) -> float:
        """The same as a probability."""
        return 1 / (1 + math.exp(-max(-_STEEPEST, min(_STEEPEST, self.odds(features)))))


def load(name: str) -> dict[str, Weights]:
    """The weights of a file of the lexicon, by what they decide."""
    read = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return {label: Weights(one["bias"], one["weights"]) for label, one in read["decides"].items()}


def save(name: str, about: str, trained_on: Iterable[str], decides: Mapping[str, Weights]) -> None:
    """Write such a file, so that a change shows line by line."""
    parts = {label: {"bias": one.bias, "weights": dict(one.features)} for label, one in decides.items()}
    content = {"version": 1, "about": about, "trained_on": list(trained_on), "decides": parts}
    (FOLDER / name).write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
