"""A migrated database of alerts, of each kind."""

from pathlib import Path

import pytest

import services.alerts
from shared.database import make_engine, migrate

MIGRATIONS = Path(services.alerts.__file__).parent / "migrations"


@pytest.fixture
async def engine(database_url):
    engine = make_engine(database_url)
    await migrate(engine, MIGRATIONS)
    yield engine
    await engine.dispose()
