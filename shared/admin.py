"""What the cluster has: topics, made where they are missing and checked where they are there; members of a group."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from shared.cluster import Cluster
from shared.topics import Topic

RETENTION: Final = "retention.ms"
MAX_BYTES: Final = "max.message.bytes"
_FORBIDDEN: Final = (TopicAuthorizationFailedError, ClusterAuthorizationFailedError)


class TopicsForbiddenError(Exception):
    """Topics are missing, and this user may not create them; the message has each with its settings."""


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What ``ensure_topics`` did and found.

    Attributes:
        created: the names of those that were missing.
        warnings: where an existing topic offers less than is needed, a sentence each.

    """

    created: tuple[str, ...]
    warnings: tuple[str, ...]


async def ensure_topics(cluster: Cluster, topics: Iterable[Topic]) -> TopicReport:
    """Create the topics that the cluster lacks, with up to three copies of each partition, and check the others.

    Raises:
        TopicsForbiddenError: some are missing, and the user may not create topics.
        KafkaError, OSError: the cluster does not answer, or refuses for another reason.

    """
    topics = tuple(topics)
    async with _admin(cluster) as admin:
        present = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in present]
        created = await _create(admin, missing) if missing else []
        warnings = await _check(admin, [topic for topic in topics if topic.name in present])
    return TopicReport(tuple(created), tuple(warnings))


async def partitions(cluster: Cluster, topics: Iterable[str]) -> dict[str, list[TopicPartition]]:
    """The partitions of each topic that the cluster has, by topic; a topic that it lacks is left out."""
    async with _admin(cluster) as admin:
        wanted = sorted(set(topics) & set(await admin.list_topics()))
        described = await admin.describe_topics(wanted) if wanted else []
    return {
        one["topic"]: [
            TopicPartition(one["topic"], number) for number in sorted(p["partition"] for p in one["partitions"])
        ]
        for one in described
    }


async def why_idle(cluster: Cluster, group: str, topics: Sequence[str]) -> str | None:
    """Say why a member of a consumer group has no partitions; ``None`` while the group shares them out."""
    async with _admin(cluster) as admin:
        (answer,) = await admin.describe_consumer_groups([group])
        described = await admin.describe_topics(list(topics))
    code, _group, state, _type, _protocol, members, *_ = answer.groups[0]
    split = {one["topic"]: len(one["partitions"]) for one in described}
    if code:
        return f"the consumer group {group} takes no members from this user: {for_code(code).__name__}"
    total = sum(split.values())
    if state != "Stable" or len(members) <= total:
        return None
    each = ", ".join(f"{topic}: {number}" for topic, number in sorted(split.items()))
    return (
        f"the consumer group {group} has {len(members)} members but {total} partitions to share ({each}): this copy "
        "gets none and waits until one is free; run fewer copies, or give the topic more partitions"
    )


@asynccontextmanager
async def _admin(cluster: Cluster) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(client_id="parley-topics", request_timeout_ms=10_000, **cluster.options())
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


def _settings(topic: Topic) -> dict[str, int]:
    return {RETENTION: int(topic.retention.total_seconds() * 1000), MAX_BYTES: topic.max_bytes}


async def _create(admin: AIOKafkaAdminClient, missing: Sequence[Topic]) -> list[str]:
    """The names of those that were created; another service may have been faster with some."""
    replication = min(3, len((await admin.describe_cluster())["brokers"]))
    answer = await admin.create_topics(
        [
            NewTopic(
                topic.name,
                topic.partitions,
                replication,
                topic_configs={name: str(value) for name, value in _settings(topic).items()},
            )
            for topic in missing
        ]
    )
    created, forbidden = [], []
    for name, code, *detail in answer.topic_errors:
        error = for_code(code)
        if error in _FORBIDDEN:
            forbidden.append(name)
        elif not code:
            created.append(name)
        elif error is not TopicAlreadyExistsError:
            raise error(f"topic {name} cannot be created: {' '.join(map(str, detail))}")
    if forbidden:
        wanted = "; ".join(_wish(topic) for topic in missing if topic.name in forbidden)
        raise TopicsForbiddenError(
            f"topics are missing, or hidden from this user, who may not create them; an administrator must: {wanted}"
        )
    return created


def _wish(topic: Topic) -> str:
    settings = ", ".join(f"{name}={value}" for name, value in _settings(topic).items())
    return f"{topic.name} with {topic.partitions} partition{'s' * (topic.partitions > 1)}, {settings}"


async def _check(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> list[str]:
    if not topics:
        return []
    described = await admin.describe_topics([topic.name for topic in topics])
    split = {one["topic"]: len(one["partitions"]) for one in described}
    asked = [
        ConfigResource(ConfigResourceType.TOPIC, topic.name, dict.fromkeys(_settings(topic), "")) for topic in topics
    ]
    given: dict[str, dict[str, int] | None] = {}
    for answer in await admin.describe_configs(asked):
        for code, _detail, _kind, name, entries in answer.resources:
            given[name] = None if code else {entry[0]: int(entry[1]) for entry in entries}
    return [
        sentence for topic in topics if (sentence := shortfall(topic, split.get(topic.name, 0), given.get(topic.name)))
    ]


def shortfall(topic: Topic, split: int, given: dict[str, Any] | None) -> str | None:
    """What an existing topic offers less of than it should, in a sentence.

    Args:
        topic: as it should be.
        split: the partitions that it has.
        given: the values of ``retention.ms`` and ``max.message.bytes``; ``None`` where the user may not read them.

    """
    less = []
    if split < topic.partitions:
        less.append(f"{split} of {topic.partitions} partitions (no more copies of a service can share the work)")
    if given is None:
        less.append(f"settings that this user may not read ({RETENTION} and {MAX_BYTES} are not checked)")
    else:
        wanted = _settings(topic)
        if 0 <= given[RETENTION] < wanted[RETENTION]:  # -1: for ever
            less.append(f"{RETENTION}={given[RETENTION]} instead of {wanted[RETENTION]} (records are lost sooner)")
        if given[MAX_BYTES] < wanted[MAX_BYTES]:
            effect = "large records are refused" if topic.carries else "what a service cannot digest may not fit in"
            less.append(f"{MAX_BYTES}={given[MAX_BYTES]} instead of {wanted[MAX_BYTES]} ({effect})")
    return f"{topic.name} has {', '.join(less)}" if less else None
