"""Structured logs, for people or machines, and the metrics that all services share."""

import logging
import sys

import structlog
from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter("parley_records_total", "Kafka records settled", ["service", "topic", "outcome"])
BATCH_SECONDS = Histogram("parley_batch_seconds", "Time to handle one batch of records", ["service"])
RETRIES = Counter("parley_retries_total", "Attempts at a batch that failed and will be repeated", ["service", "error"])
LAG = Gauge("parley_consumer_lag", "Records behind the end of the assigned partitions", ["service", "topic"])
PUBLISHED = Counter("parley_published_total", "Kafka records acknowledged by the broker", ["service", "topic"])

# never at the level of debugging: there, aiokafka writes what it sends, and with SASL PLAIN that is the password
_QUIET = ("aiokafka", "uvicorn.access", "aiosqlite", "alembic")


def configure_logging(service: str, *, form: str, level: str) -> None:
    """Send every log line of the process to standard output, once, in one form.

    Args:
        service: bound to each line.
        form: ``json`` or ``console``.
        level: the least severe level that is written.

    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    renderers = [structlog.processors.format_exc_info, last] if form == "json" else [last]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
