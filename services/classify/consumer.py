"""The Kafka door of classify: texts in, what they say out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from prometheus_client import Counter

from services.classify.lexicon import Lexicon
from services.classify.pipeline import classify
from shared.catalogue import Catalogue
from shared.cloudevents import CloudEvent, KafkaMessage, encode
from shared.events import MeetingPublished, NewsPublished, TextClassified
from shared.topics import CLASSIFIED, Topic

SOURCE: Final = "/parley/classify"
TEXTS = Counter("parley_classify_texts_total", "Texts read", ["domain"])
SIGNALS = Counter("parley_classify_signals_total", "Signals found", ["code", "factuality"])
_COMPUTE_SLICE: Final = 50

Text = CloudEvent[NewsPublished] | CloudEvent[MeetingPublished]
Results = list[tuple[Topic, KafkaMessage]]


def reader(catalogue: Catalogue, lexicon: Lexicon) -> Callable[[Sequence[Text]], Awaitable[Results]]:
    """The handler of batches: one result per text and process; a text outside the domain is only counted."""

    async def read(texts: Sequence[Text]) -> Results:
        results: Results = []
        inside = 0
        for number, text in enumerate(texts, 1):
            found = classify(text.data, catalogue, lexicon)
            inside += bool(found)
            results += [(CLASSIFIED, encode(_event(text, one))) for one in found]
            if number % _COMPUTE_SLICE == 0:
                await asyncio.sleep(0)  # heartbeats of the consumer group
        TEXTS.labels("inside").inc(inside)
        TEXTS.labels("outside").inc(len(texts) - inside)
        return results

    return read


def _event(text: Text, found: TextClassified) -> CloudEvent[TextClassified]:
    """Named after the text and the process, so that reading it again gives the same event."""
    for signal in found.signals:
        SIGNALS.labels(signal.code, signal.factuality).inc()
    return CloudEvent(
        id=f"{text.id}:{found.process or '-'}",
        source=SOURCE,
        time=text.time,
        key=found.process or found.text_id,
        data=found,
        subject=found.process,
        test=text.test,
        traceparent=text.traceparent,
    )
