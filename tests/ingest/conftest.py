"""A migrated database of each kind, and a publisher made by hand."""

import pytest

from services.ingest.intake import Intake
from services.ingest.store import MIGRATIONS
from shared.cloudevents import decode
from shared.database import make_engine, migrate
from shared.kafka import BrokerUnavailableError


class FakePublisher:
    """Keeps what was acknowledged; can be down, and can hold the caller up."""

    def __init__(self) -> None:
        self.sent = []
        self.down = False
        self.gate = None

    async def __call__(self, messages) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise BrokerUnavailableError("Kafka at broker.example:9092 does not answer")
        self.sent.extend(messages)

    @property
    def events(self):
        """What was sent, read back as a consumer would."""
        return [decode((topic.carries,), message.headers, message.value) for topic, message in self.sent]


@pytest.fixture
def publisher() -> FakePublisher:
    return FakePublisher()


@pytest.fixture
async def engine(database_url):
    engine = make_engine(database_url)
    await migrate(engine, MIGRATIONS)
    yield engine
    await engine.dispose()


@pytest.fixture
def intake(engine, publisher) -> Intake:
    return Intake(engine, publisher)
