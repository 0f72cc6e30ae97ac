"""Every topic: its name, what it carries, how it is keyed, split and kept.

A topic's name ends in its major version; partition counts are what a new cluster is given, an existing one may differ.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.events import Event, MeetingPublished, MilestoneChanged, NewsPublished, NoticeRaised, TextClassified

MAX_MESSAGE_BYTES: Final = 1024 * 1024
MAX_DEAD_LETTER_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Attributes:
        name: as the cluster knows it.
        key: what its records are keyed by; records of one key stay in order.
        carries: the event type, or ``None`` for a dead-letter topic (raw bytes as they came).
        partitions: how many a new cluster gets; no consumer group can use more copies than that.
        retention: how long records are kept.
        max_bytes: the largest record.

    """

    name: str
    key: str
    carries: type[Event] | None
    partitions: int = 6
    retention: timedelta = timedelta(days=7)
    max_bytes: int = MAX_MESSAGE_BYTES


NEWS: Final = Topic("parley.news.v1", "article id, without revision", NewsPublished)
MEETINGS: Final = Topic("parley.meetings.v1", "meeting id, without revision", MeetingPublished, partitions=3)
CLASSIFIED: Final = Topic(
    "parley.classified.v1", "process (article id where there is none)", TextClassified, retention=timedelta(days=30)
)
MILESTONES: Final = Topic(
    "parley.milestones.v1", "process", MilestoneChanged, partitions=3, retention=timedelta(days=365)
)
NOTICES: Final = Topic("parley.notices.v1", "subject", NoticeRaised, partitions=1, retention=timedelta(days=30))


def dead_letters(service: str) -> Topic:
    """The dead-letter topic of one consuming service; key: ``topic/partition/offset`` of the original record."""
    return Topic(
        f"parley.{service}.dlq.v1",
        "topic/partition/offset of the original",
        None,
        partitions=1,
        retention=timedelta(days=30),
        max_bytes=MAX_DEAD_LETTER_BYTES,
    )


CLASSIFY_DLQ: Final = dead_letters("classify")
ALERTS_DLQ: Final = dead_letters("alerts")

TOPICS: Final = {t.name: t for t in (NEWS, MEETINGS, CLASSIFIED, MILESTONES, NOTICES, CLASSIFY_DLQ, ALERTS_DLQ)}
"""Every topic by its name."""
