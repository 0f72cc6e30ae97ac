"""Backfill: bounded batches, a stop between two of them, numbers that are right also then."""

import json

import pytest

from services.ingest.backfill import BATCH_TEXTS, Backfill, Summary
from shared.kafka import BrokerUnavailableError
from tests.builders import NOW
from tests.ingest.builders import raw_news


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "texts.jsonl"
    texts = [raw_news(url=f"https://herald.example/{number}") for number in range(3 * BATCH_TEXTS - 1)]
    path.write_text("\n".join(json.dumps(text) for text in [*texts, {"title": "no time"}]))
    return path


def backfill(intake, *, stopping=lambda: False, advanced=lambda read, summary: None, refused=lambda reject: None):
    return Backfill(intake, lambda: NOW, stopping, advanced, refused)


async def test_every_text_is_accounted_for_and_progress_ends_at_the_size_of_all_files(intake, publisher, file):
    seen, refused, summary = [], [], Summary()
    advanced = lambda read, so_far: seen.append((read, so_far.total))  # noqa: E731 - as short as what it does
    await backfill(intake, advanced=advanced, refused=refused.append).run([file, file], summary)
    total = 3 * BATCH_TEXTS
    assert (summary.published, summary.duplicates, summary.rejected) == (total - 1, total - 1, 2)
    assert [(reject.line, reject.reason.split(";")[0]) for reject in refused] == [
        (total, "published_at: Field required")
    ] * 2
    assert [count for _, count in seen] == [BATCH_TEXTS * turn for turn in range(1, 7)]
    assert seen[-1][0] == 2 * file.stat().st_size
    assert publisher.events[0].data.source == "texts.jsonl"


async def test_a_stop_finishes_the_batch_and_a_second_run_does_the_rest(intake, publisher, file):
    summary = Summary()
    await backfill(intake, stopping=lambda: summary.total > 0).run([file], summary)
    assert (summary.published, summary.complete) == (BATCH_TEXTS, False)
    await backfill(intake).run([file], rest := Summary())
    assert (rest.duplicates, rest.published) == (BATCH_TEXTS, 2 * BATCH_TEXTS - 1)
    assert len(publisher.events) == 3 * BATCH_TEXTS - 1


async def test_a_broker_that_goes_away_ends_it_with_the_numbers_so_far(intake, publisher, file):
    def go_down(_, so_far):
        publisher.down = so_far.total == BATCH_TEXTS

    summary = Summary()
    with pytest.raises(BrokerUnavailableError):
        await backfill(intake, advanced=go_down).run([file], summary)
    assert (summary.published, summary.rejected) == (BATCH_TEXTS, 0)


async def test_long_texts_make_smaller_batches(intake, publisher, tmp_path):
    path = tmp_path / "long.json"
    texts = [raw_news(url=f"https://herald.example/{number}", text="peace talks " * 20_000) for number in range(30)]
    path.write_text(json.dumps(texts))
    counts, summary = [], Summary()
    await backfill(intake, advanced=lambda read, so_far: counts.append(so_far.total)).run([path], summary)
    assert len(counts) > 1
    assert summary.published == 30
