"""Records exactly as they lie on Kafka, one file per event: what was once written must be read for ever.

``python -m tests.golden`` writes them anew; do so only where the wire is meant to change, and say so in the changelog.
"""

import json
from pathlib import Path

from shared.cloudevents import CloudEvent, KafkaMessage, encode
from tests.builders import (
    PUBLISHED_AT,
    STARTS_AT,
    classified,
    cloud_event,
    meeting,
    milestone_changed,
    news,
    notice,
    signal,
)

FOLDER = Path(__file__).parent

EVENTS: tuple[CloudEvent, ...] = (
    cloud_event(news(title="Обидві делегації підписали «перемир’я»", language="uk", revision=3)),
    cloud_event(
        meeting(change="rescheduled", previously_at=PUBLISHED_AT, ends_at=STARTS_AT),
        subject="Istanbul, Türkiye",
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ),
    cloud_event(
        classified(signal(object="truce", says="the mediator", confidence=1 / 3), named_sources=("Anadolu",)),
        source="/parley/classify",
        key="ukraine",
        test=True,
    ),
    cloud_event(milestone_changed(previous_status="reported"), source="/parley/alerts", key="ukraine"),
    cloud_event(notice(), key="herald-world"),
)


def path_of(event: CloudEvent) -> Path:
    return FOLDER / f"{event.data.TYPE}.json"


def read(path: Path) -> KafkaMessage:
    stored = json.loads(path.read_text("utf-8"))
    headers = tuple((name, text.encode()) for name, text in stored["headers"])
    return KafkaMessage(stored["key"].encode(), stored["value"].encode(), headers)


def write(event: CloudEvent) -> None:
    message = encode(event)
    stored = {
        "key": message.key.decode(),
        "headers": [[name, text.decode()] for name, text in message.headers],
        "value": message.value.decode(),
    }
    path_of(event).write_text(json.dumps(stored, indent=2, ensure_ascii=False) + "\n", "utf-8")
