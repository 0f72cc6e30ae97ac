"""Everything that faults are done to: a broker, a PostgreSQL, three services as processes, a receiver, a watcher."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from deploy.local import receiver
from deploy.local.broker import LocalBroker, free_port
from deploy.local.suite import Service, Suite
from tests.faults.accounts import Accounts, Records
from tests.faults.client import Client
from tests.faults.readiness import Watch
from tests.faults.servers import OwnPostgres
from tests.faults.texts import CODE, Streams
from tests.flow.conftest import receiving
from tests.flow.test_the_way import subscribe


class Stack:
    """The parts by name; made by ``running``."""

    def __init__(self, broker, postgres, suite, accounts, watch):
        self.broker = broker
        self.postgres = postgres
        self.suite = suite
        self.services = suite.services
        self.accounts = accounts
        self.watch = watch
        self._streams = Streams()

    def stream(self, name, number):
        return self._streams.make(name, number)

    def client(self):
        return Client(self.suite)

    async def ready(self, since):
        """Wait until all services are ready; how many seconds since then the last one took."""
        return await self.watch.ready(self.services, since)

    def second(self, name):
        """A second copy of a service, on a port of its own."""
        settings = {**self.suite.settings, f"PARLEY_{name.upper()}_PORT": str(free_port())}
        return Service(name, settings, self.suite.directory / f"{name}-2.log")


@asynccontextmanager
async def running(directory):
    async with AsyncExitStack() as stack:
        broker = stack.enter_context(LocalBroker(directory / "kafka"))
        postgres = await asyncio.to_thread(OwnPostgres, directory)
        stack.callback(postgres.remove)
        suite = Suite(directory / "suite", broker.bootstrap, postgres.url)
        await asyncio.to_thread(suite.__enter__)
        stack.callback(suite.stop)
        quiet = stack.enter_context(pytest.MonkeyPatch.context())
        quiet.setattr(receiver, "say", lambda line: None)  # thousands of lines before the table
        url, received = await stack.enter_async_context(receiving())
        await subscribe(suite, url, codes=[CODE], include_late=True)
        received.clear()  # the endpoint's test message
        records = await stack.enter_async_context(Records(broker.bootstrap))
        watch = Watch({name: service.url for name, service in suite.services.items()})
        await stack.enter_async_context(watch.watching())
        yield Stack(broker, postgres, suite, Accounts(records, postgres, received), watch)
