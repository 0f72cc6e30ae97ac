"""What the services say of themselves while things are done to them."""

import asyncio
from contextlib import asynccontextmanager
from http import HTTPStatus

import aiohttp

SECONDS = 60
READY = "ready"
SILENT = "does not answer"


async def says(session, url):
    """``ready``, ``does not answer``, or the reasons why not by the probe's name."""
    try:
        async with session.get(f"{url}/readyz") as answer:
            body = await answer.json()
    except (aiohttp.ClientError, OSError, TimeoutError):
        return SILENT
    if answer.status == HTTPStatus.OK:
        return READY
    assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE, body
    return body["failing"]


class Watch:
    """Asks every service again and again, and keeps every answer with the moment at which it was asked for."""

    def __init__(self, urls):
        self.urls = urls
        self.heard = {name: [] for name in urls}

    @asynccontextmanager
    async def watching(self):
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            tasks = [asyncio.create_task(self._ask(session, name)) for name in self.urls]
            try:
                yield self
            finally:
                for task in tasks:
                    task.cancel()
                answers = await asyncio.gather(*tasks, return_exceptions=True)
                assert all(isinstance(one, asyncio.CancelledError) for one in answers), answers

    async def _ask(self, session, name):
        while True:
            asked_at = now()
            self.heard[name].append((asked_at, await says(session, self.urls[name])))
            await asyncio.sleep(0.1)

    async def hear(self, name, wanted, since):
        """Wait for an answer like this to a question asked since then; the moment of that question."""
        async with asyncio.timeout(SECONDS):
            while True:
                for asked_at, answer in self.heard[name]:
                    if asked_at >= since and wanted(answer):
                        return asked_at
                await asyncio.sleep(0.05)

    async def ready(self, names, since):
        """Wait until all are ready; seconds since then, the slowest one's."""
        return max([await self.hear(name, lambda answer: answer == READY, since) for name in names]) - since

    def lies(self, name, start, end):
        """Answers of ``ready`` to questions asked in this time, in which it cannot have been."""
        return [asked_at for asked_at, answer in self.heard[name] if start <= asked_at < end and answer == READY]


def blames(probe, *words):
    """An answer in which this probe gives these words as its reason."""
    return lambda answer: isinstance(answer, dict) and all(word in answer.get(probe, "") for word in words)


def now():
    return asyncio.get_running_loop().time()
