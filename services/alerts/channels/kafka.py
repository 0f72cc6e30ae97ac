"""Milestones over Kafka: the same body as everywhere, as a CloudEvent on ``parley.milestones.v1``."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from services.alerts.delivery.message import Kind, OutboundMessage, Outcome
from shared.cloudevents import CloudEvent, KafkaMessage, encode, type_of
from shared.events import MilestoneChanged
from shared.kafka import BrokerUnavailableError
from shared.topics import MILESTONES, Topic

Publish = Callable[[Topic, KafkaMessage], Awaitable[None]]
"""Sends one record and waits until it is acknowledged; raises ``BrokerUnavailableError`` where it is not."""

SOURCE = "/parley/alerts"


class KafkaChannel:
    """Publishes each milestone, keyed by process; its id is the milestone's and the revision's, whoever sends it."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish

    async def send(self, message: OutboundMessage, now: datetime) -> Outcome:  # noqa: ARG002 -- Channel's signature
        """Try once; see ``Channel.send``. What is no milestone fails: the topic carries nothing else."""
        if message.type != type_of(MilestoneChanged):
            return Outcome(Kind.FAILED, detail=f"{MILESTONES.name} carries no {message.type}")
        try:
            record = _record(message)
        except ValueError as error:
            return Outcome(Kind.FAILED, detail=f"not a milestone that can be published: {str(error).splitlines()[0]}")
        try:
            await self._publish(MILESTONES, record)
        except BrokerUnavailableError as error:
            return Outcome(Kind.OWN_FAULT, detail=str(error))
        return Outcome(Kind.DELIVERED, detail=f"published to {MILESTONES.name}")


def _record(message: OutboundMessage) -> KafkaMessage:
    milestone = MilestoneChanged.model_validate_json(message.data)
    return encode(
        CloudEvent(
            id=f"{milestone.milestone_id}:{milestone.revision}",
            source=SOURCE,
            time=message.timestamp,
            key=message.process,
            data=milestone,
            subject=milestone.milestone_id,
            test=message.test,
        )
    )
