"""``python -m bench NAME``: one measurement, next to what a user would use instead."""

import argparse
import asyncio
import importlib
import logging
from typing import Final

BENCHMARKS: Final = {
    "classify": "texts/s through the classifier on one core, over VADER's polarity score alone",
    "pipeline": "events/s through the classify service, over a bare aiokafka consume-transform-produce loop",
    "latency": "POST to webhook received, over the bare two-hop aiokafka floor",
    "backfill": "texts/s from file to milestones, and memory per service",
}


def main() -> None:
    """Parse, measure, report."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure Parley on a real broker that is started for it. Prints a table over growing sizes, writes "
        "JSON and a picture under bench/results/, and ends with one line `ratio NAME VALUE` per ratio.",
        epilog="\n".join(f"{name:10} {text}" for name, text in BENCHMARKS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of texts, instead of the usual growing ones")
    arguments = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that has just started is asked again, silently
    module = importlib.import_module(f"bench.{arguments.name}")
    asyncio.run(module.run(arguments.sizes or module.SIZES))


if __name__ == "__main__":
    main()
