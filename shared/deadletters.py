"""Dead letters: records that no retry will make readable, kept with what is needed to send them again.

A dead letter has the original key and value unchanged, the original headers under ``dl_header_…`` (base64, since they
may be the very thing that is broken), and headers that say where it came from and why it failed. It is keyed by the
original's position, so that a letter written twice after a crash is recognised.
"""

from base64 import b64encode
from datetime import datetime

from aiokafka import ConsumerRecord

from shared.cloudevents import KafkaMessage


def dead_letter(record: ConsumerRecord, *, error: str, detail: str, attempts: int, now: datetime) -> KafkaMessage:
    """The letter for one record.

    Args:
        record: as it was consumed.
        error: the name of the fault or exception.
        detail: what was wrong, in words.
        attempts: how often it was tried.
        now: when it was given up.

    """
    position = f"{record.topic}/{record.partition}/{record.offset}"
    headers = [
        ("dl_topic", record.topic.encode()),
        ("dl_partition", str(record.partition).encode()),
        ("dl_offset", str(record.offset).encode()),
        ("dl_error", error.encode(errors="replace")),
        ("dl_detail", detail[:2000].encode(errors="replace")),
        ("dl_attempts", str(attempts).encode()),
        ("dl_time", now.isoformat().encode()),
        ("dl_tombstone", str(record.value is None).lower().encode()),
    ]
    if record.key is not None:
        headers.append(("dl_key", b64encode(record.key)))
    headers += [(f"dl_header_{name}", b64encode(raw) if raw is not None else b"null") for name, raw in record.headers]
    return KafkaMessage(key=position.encode(), value=record.value or b"", headers=tuple(headers))
