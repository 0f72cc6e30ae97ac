"""How good the classifier is on labelled texts: precision, recall and F1 per kind of label."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Labels = Mapping[str, str]
ROWS: Final = ("milestone reached", "milestone code + status", "milestone code", "issue + direction", "issue")


@dataclass(slots=True)
class Count:
    """Right, wrong and missed labels."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """The share of the given labels that are right (1 where none was given)."""
        given = self.right + self.wrong
        return self.right / given if given else 1.0

    @property
    def recall(self) -> float:
        """The share of the true labels that were given (1 where there is none)."""
        true = self.right + self.missed
        return self.right / true if true else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        p, r = self.precision, self.recall
        return 2 * p * r / (p + r) if p + r else 0.0

    def add(self, gold: str | None, given: str | None) -> None:
        """One label of one text, as it should be and as it is."""
        if gold == given:
            self.right += gold is not None
        else:
            self.wrong += given is not None
            self.missed += gold is not None


@dataclass(slots=True)
class Scores:
    """The result over all texts.

    ``quiet`` counts texts in which nothing is reached, ``alarms`` those of them for which something was.
    """

    texts: int = 0
    rows: dict[str, Count] = field(default_factory=lambda: {name: Count() for name in ROWS})
    domain: Count = field(default_factory=Count)
    tones: dict[str, Count] = field(default_factory=lambda: {t: Count() for t in ("negative", "neutral", "positive")})
    quiet: int = 0
    alarms: int = 0

    @property
    def tone_f1(self) -> float:
        """Macro-F1 over the three tones."""
        return sum(count.f1 for count in self.tones.values()) / len(self.tones)


def evaluate(pairs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Scores:
    """Compare labelled texts with what was read in them.

    Args:
        pairs: of each text the gold line (``milestones``, ``issues``, ``tone``, ``in_domain``, and under ``open`` the
            labels on which readers disagreed, which count for nothing) and the line that ``parley classify`` gives.

    """
    scores = Scores()
    for gold, given in pairs:
        scores.texts += 1
        unsettled = gold.get("open") or {}
        milestones = _settled(gold.get("milestones") or {})
        read = _settled(given["milestones"])
        for code in (milestones.keys() | read.keys()) - (unsettled.get("milestones") or {}).keys():
            _add(
                scores.rows, ("milestone reached", "milestone code + status", "milestone code"), milestones, read, code
            )
        issues = gold.get("issues") or {}
        for issue in (issues.keys() | given["issues"].keys()) - (unsettled.get("issues") or {}).keys():
            _add(scores.rows, (None, "issue + direction", "issue"), issues, given["issues"], issue)
        if "reached" not in milestones.values() and not unsettled.get("milestones"):
            scores.quiet += 1
            scores.alarms += "reached" in read.values()
        if gold.get("tone") in scores.tones:
            for tone, count in scores.tones.items():
                count.add(tone if gold["tone"] == tone else None, tone if given["tone"] == tone else None)
        if gold.get("in_domain") is not None:
            scores.domain.add("in" if gold["in_domain"] else None, "in" if given["in_domain"] else None)
    return scores


def _add(
    rows: Mapping[str, Count], names: tuple[str | None, str, str], gold: Labels, given: Labels, label: str
) -> None:
    strict, exact, loose = names
    true, read = gold.get(label), given.get(label)
    if strict is not None:
        rows[strict].add(*(value if value == "reached" else None for value in (true, read)))
    rows[exact].add(true, read)
    rows[loose].add(true and label, read and label)


def _settled(milestones: Labels) -> dict[str, str]:
    """Talks that are only ahead, or refused, have two spellings; this is the one that the label guide names."""
    settled = dict(milestones)
    if settled.get("talks_held") == "prospective":
        del settled["talks_held"]
        settled.setdefault("talks_scheduled", "prospective")
    if settled.get("talks_scheduled") == "negated":
        del settled["talks_scheduled"]
        settled.setdefault("talks_held", "negated")
    return settled
