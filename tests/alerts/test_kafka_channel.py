"""Milestones over Kafka: one record per revision, readable by anybody who reads the topic."""

from datetime import UTC, datetime

import pytest

from services.alerts.channels import CHANNELS, Kind, Means, OutboundMessage, Outcome
from services.alerts.channels.kafka import KafkaChannel
from shared.cloudevents import CloudEvent, decode
from shared.events import MilestoneChanged
from shared.guard import GuardedClient
from shared.kafka import BrokerUnavailableError
from shared.topics import MILESTONES
from tests.builders import milestone_changed

NOW = datetime(2026, 3, 2, 9, 31, 5, tzinfo=UTC)
HAPPENED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class FakeBroker:
    def __init__(self, error=None):
        self.records = []
        self._error = error

    async def publish(self, topic, record):
        if self._error is not None:
            raise self._error
        self.records.append((topic, record))


def message(milestone=None, **overrides):
    defaults = {
        "id": "msg_1",
        "sequence": 1,
        "type": "parley.milestone.changed.v1",
        "timestamp": HAPPENED,
        "data": (milestone or milestone_changed()).model_dump_json(),
        "process": "ukraine",
    }
    return OutboundMessage(**(defaults | overrides))


@pytest.mark.parametrize("test", [False, True])
async def test_a_milestone_is_published_as_a_cloud_event_keyed_by_its_process(test):
    broker = FakeBroker()
    milestone = milestone_changed(revision=3, test=test)
    outcome = await KafkaChannel(broker.publish).send(message(milestone, test=test), NOW)
    assert outcome == Outcome(Kind.DELIVERED, detail="published to parley.milestones.v1")
    [(topic, record)] = broker.records
    assert topic is MILESTONES
    assert record.key == b"ukraine"
    assert decode((MilestoneChanged,), record.headers, record.value) == CloudEvent(
        id=f"{milestone.milestone_id}:3",
        source="/parley/alerts",
        time=HAPPENED,
        key="ukraine",
        data=milestone,
        subject=milestone.milestone_id,
        test=test,
    )


async def test_a_broker_that_is_down_is_our_own_fault():
    broker = FakeBroker(BrokerUnavailableError("Kafka does not answer"))
    outcome = await KafkaChannel(broker.publish).send(message(), NOW)
    assert outcome == Outcome(Kind.OWN_FAULT, detail="Kafka does not answer")


@pytest.mark.parametrize(
    "odd", [{"type": "parley.notice.raised.v1"}, {"data": "{}"}, {"data": "{"}, {"process": ""}, {"process": "a\nb"}]
)
async def test_what_is_no_milestone_is_not_published(odd):
    broker = FakeBroker()
    outcome = await KafkaChannel(broker.publish).send(message(**odd), NOW)
    assert (outcome.kind, broker.records) == (Kind.FAILED, [])
    assert outcome.detail


async def test_the_registry_makes_the_channel_that_subscriptions_call_kafka():
    broker = FakeBroker()
    means = Means(client=GuardedClient(allow_loopback=False), publish=broker.publish)
    assert (await CHANNELS["kafka"](means).send(message(), NOW)).kind is Kind.DELIVERED
    assert len(broker.records) == 1
