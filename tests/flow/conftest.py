"""The whole way: three services as processes, a broker and databases of their own, and a webhook receiver."""

import socket
from collections.abc import Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from deploy.local import receiver
from deploy.local.suite import Suite

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def suite(tmp_path, own_broker, postgres_url) -> Iterator[Suite]:
    """All services, on PostgreSQL."""
    url = postgres_url.replace("postgresql+asyncpg://", "postgresql://", 1)
    with Suite(tmp_path / "suite", own_broker.bootstrap, url) as suite:
        yield suite


@asynccontextmanager
async def receiving():
    """The sample receiver on a port of its own: its URL and the list of what it verified."""
    app = receiver.create(SECRET)
    runner = web.AppRunner(app)
    await runner.setup()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        await web.SockSite(runner, sock).start()
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}/webhook", app[receiver.RECEIVED]
        finally:
            await runner.cleanup()
