"""Texts/s through the classifier, next to VADER's polarity score on the same texts, in one process on one core.

The texts are made up (``bench/texts.py``), or those of a JSON Lines file of real news (``title``, ``text``) that the
environment variable ``BENCH_TEXTS`` names. Beside the speed it shows the growth over text length, and the worst case
over repetitions that are meant to hurt.
"""

import asyncio
import itertools
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from bench.report import report
from bench.texts import texts
from services.classify import lexicon, pipeline
from shared import catalogue as catalogues
from shared.events import NewsPublished

SIZES: Final = (500, 2_000, 5_000)
TEXTS: Final = "BENCH_TEXTS"
LENGTHS: Final = (100, 1_000, 10_000, 100_000)
ATTACKED: Final = 10_000
_ROUNDS: Final = 3
_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
REPEATED: Final = (
    "ceasefire ", "sanctions ", "the EU imposed new sanctions on Russia and ", "could ", "to ", "not to ", "if ", ", ",
    "Ukraine ", "US ", "Ukraine, Russia and the US met to discuss a ceasefire, ", "talks talks of talks with talks in ",
    "agree to agree to agree to ", "hopes for hopes for a truce ", "after the ceasefire before the truce ",
    "Russia said Ukraine said ", '"', "a-b-c-d-", "U.S. ", "a.b.c.", "' s ' s ", "&amp;&#39;", "\u202e\u0301", "🙂",
    "released prisoners of war released hostages ", "withdraw troops withdraw forces from ", "(((((", "x", "1,000,000 ",
    "parliament approves bill ", "impose impose impose ", "meet with meet with ", "may have been about to be ",
    "ceasefire\n", "Ceasefire. ", "peace plan peace plan ", "who which whose ", "sanctions relief and sanctions list ",
)  # fmt: skip
"""Repetitions that make every rule look as far as it may."""


async def run(sizes: Sequence[int]) -> None:
    """Measure over growing numbers of texts, then over lengths and repetitions."""
    await asyncio.to_thread(_pinned, sizes)


def _pinned(sizes: Sequence[int]) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    catalogue, rules, vader = catalogues.load(), lexicon.shipped(), SentimentIntensityAnalyzer()

    def classify(event: NewsPublished) -> None:
        pipeline.classify(event, catalogue, rules)

    def polarity(event: NewsPublished) -> None:
        vader.polarity_scores(f"{event.title}\n{event.text}")

    rows = []
    for size in sizes:
        events = [_event(title, text) for title, text in _texts(size)]
        ours, theirs = _best(classify, events), _best(polarity, events)
        rows.append({"texts": size, "classify/s": size / ours, "VADER/s": size / theirs, "ratio": theirs / ours})
    growth = _growth(classify)
    worst, repetition = _worst(classify)
    report(
        "classify",
        "texts/s through pipeline.classify, and through VADER's polarity_scores, one process on one core",
        rows,
        {"classify": rows[-1]["ratio"], "growth_ms_per_10k_at_100k": growth, "worst_ms_per_10k": worst},
        picture=["classify/s", "VADER/s"],
    )
    print(f"worst repetition: {repetition!r}")


def _texts(number: int) -> list[tuple[str, str]]:
    path = os.environ.get(TEXTS)
    if path is None:
        return [(made["title"], made["text"]) for made in texts(number, catalogues.load())]
    with Path(path).open(encoding="utf-8") as lines:
        rows: Iterable[dict[str, Any]] = map(json.loads, filter(str.strip, lines))
        read = [(row.get("title") or "", row.get("text") or "") for row in rows]
    if not read:
        raise SystemExit(f"{path}: holds no texts")
    return list(itertools.islice(itertools.cycle(read), number))


def _event(title: str, text: str) -> NewsPublished:
    return NewsPublished(
        article_id="a",
        revision=1,
        url="https://paper.example/a",
        publisher="paper.example",
        published_at=_DAY,
        fetched_at=_DAY,
        title=title or "-",
        text=text,
        language="en",
        fingerprint="0" * 16,
    )


def _best(work: Callable[[NewsPublished], None], events: Sequence[NewsPublished]) -> float:
    """Seconds for all events, the best of a few rounds: what else the machine does only ever adds."""
    return min(_seconds(work, events) for _ in range(_ROUNDS))


def _seconds(work: Callable[[NewsPublished], None], events: Sequence[NewsPublished]) -> float:
    began = time.perf_counter()
    for event in events:
        work(event)
    return time.perf_counter() - began


def _growth(work: Callable[[NewsPublished], None]) -> float:
    """Print the time per 10,000 characters over growing texts; the last is returned, in milliseconds."""
    table = Table("characters", "ms", "ms per 10,000", box=None, title="growth over text length")
    sentence = "The army of Sudan and the RSF agreed to a truce on Monday, the mediators in Jeddah said. "
    each = 0.0
    for length in LENGTHS:
        event = _event("Sudan", (sentence * (length // len(sentence) + 1))[:length])
        taken = _best(work, [event]) * 1000
        each = taken * 10_000 / length
        table.add_row(f"{length:,}", f"{taken:.2f}", f"{each:.1f}")
    Console().print(table)
    return each


def _worst(work: Callable[[NewsPublished], None]) -> tuple[float, str]:
    """Milliseconds for the slowest repetition over 10,000 characters, and which it is."""
    table = Table("repetition", "ms per 10,000 characters", box=None, title="repetitions, the slowest ten")
    taken = sorted(((_best(work, [_attack(words)]) * 1000, words) for words in REPEATED), reverse=True)
    for milliseconds, words in taken[:10]:
        table.add_row(repr(words), f"{milliseconds:.1f}")
    Console().print(table)
    return taken[0]


def _attack(words: str) -> NewsPublished:
    """A text inside the domain that goes on with a repetition."""
    start = "Ukraine and Russia hold ceasefire talks: "
    return _event("Ukraine war", (start + words * (ATTACKED // len(words) + 1))[:ATTACKED])
