"""Texts/s from a file to milestones, the whole way, and the memory of each service."""

import asyncio
import json
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

from bench.report import report
from bench.texts import texts
from deploy.local.broker import LocalBroker
from deploy.local.suite import Suite, behind
from shared import catalogue as catalogues

SIZES: Final = (1_000, 10_000, 100_000)
_MIB: Final = 1 << 20


async def run(sizes: Sequence[int]) -> None:
    """Measure over growing numbers of texts, each on a fresh broker and fresh databases."""
    rows = [await asyncio.to_thread(_one, size) for size in sizes]
    rate = rows[-1]["texts/s"] / rows[0]["texts/s"]
    report(
        "backfill",
        "texts/s from a file to milestones, end to end, on SQLite; peak memory per service",
        rows,
        {"backfill_rate_largest_over_smallest": rate},
        picture=["texts/s"],
    )


def _one(size: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory, LocalBroker(Path(directory) / "kafka") as broker:
        file = Path(directory) / "texts.jsonl"
        with file.open("w") as lines:
            lines.writelines(json.dumps(text) + "\n" for text in texts(size, catalogues.load()))
        with Suite(Path(directory) / "suite", broker.bootstrap) as suite:
            peaks = dict.fromkeys(suite.services, 0.0)
            stopped = threading.Event()
            watcher = threading.Thread(target=_watch, args=(suite, peaks, stopped))
            watcher.start()
            done = suite.run("ingest", "backfill", str(file), "--format", "json")
            ended = time.perf_counter()
            if done.returncode:
                raise RuntimeError(done.stdout + done.stderr)
            sent = json.loads(done.stdout)["seconds"]
            _wait_until_settled(broker.bootstrap)
            # the command's own start is no part of the rate: it takes as long for one text as for a million
            whole = sent + time.perf_counter() - ended
            stopped.set()
            watcher.join()
            milestones = json.loads(suite.run("alerts", "milestones", "--format", "json").stdout)
        return {
            "texts": size,
            "sent/s": size / sent,
            "texts/s": size / whole,
            "milestones": len(milestones),
            **{f"{name} MiB": round(peak / _MIB, 1) for name, peak in peaks.items()},
        }


def _watch(suite: Suite, peaks: dict[str, float], stopped: threading.Event) -> None:
    while not stopped.wait(0.2):
        for name, service in suite.services.items():
            if service.process is not None:
                peaks[name] = max(peaks[name], psutil.Process(service.process.pid).memory_info().rss)


def _wait_until_settled(bootstrap: str) -> None:
    """Until the broker says that classify, and then alerts, have settled everything."""
    while any(asyncio.run(behind(bootstrap)).values()):
        time.sleep(0.05)
