"""The ways out. A new channel is one file here and one line in ``CHANNELS``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from services.alerts.channels.kafka import KafkaChannel, Publish
from services.alerts.channels.webhook import WebhookChannel
from services.alerts.delivery.message import Kind, OutboundMessage, Outcome
from shared.guard import GuardedClient

__all__ = ["CHANNELS", "Channel", "Kind", "Means", "OutboundMessage", "Outcome", "Publish"]


class Channel(Protocol):
    """One way to reach a receiver."""

    async def send(self, message: OutboundMessage, now: datetime) -> Outcome:
        """Try once. ``now`` is when the try is made. Whatever goes wrong is an outcome, not an exception."""


@dataclass(frozen=True, slots=True)
class Means:
    """What channels are made from; the composition root has it."""

    client: GuardedClient
    publish: Publish


CHANNELS: Final[Mapping[str, Callable[[Means], Channel]]] = MappingProxyType(
    {
        "webhook": lambda means: WebhookChannel(means.client),
        "kafka": lambda means: KafkaChannel(means.publish),
    }
)
"""Every channel by the name that subscriptions use."""
