"""A client as a user would write one: it posts again where it was told to, or where nobody answered."""

import asyncio
from collections import Counter
from http import HTTPStatus

import aiohttp

PATIENCE_SECONDS = 180


class Client:
    """Posts texts to ingest until each was accepted.

    Attributes:
        accepted: the event id of each text by its URL.
        refused: how often it was told to come again, and how often nobody answered.
        slowest: the longest that an answer took, in seconds.

    """

    def __init__(self, suite):
        self._url = f"{suite.services['ingest'].url}/v1/news"
        self._headers = {"Authorization": f"Bearer {suite.key}"}
        self.accepted: dict[str, str] = {}
        self.refused: Counter[str] = Counter()
        self.slowest = 0.0

    async def post(self, texts, *, at_once=10, seconds=0.0):
        """Post all, so many per call, spread over so many seconds."""
        calls = [texts[start : start + at_once] for start in range(0, len(texts), at_once)]
        pause = seconds / len(calls)
        async with aiohttp.ClientSession(headers=self._headers) as session:
            for call in calls:
                await asyncio.gather(self._insist(session, call), asyncio.sleep(pause))

    async def once(self, session, texts):
        """One try: its status, and when to come again; no status where nobody answered."""
        began = asyncio.get_running_loop().time()
        try:
            async with session.post(self._url, json=texts, headers=self._headers) as answer:
                body = await answer.json()
        except (aiohttp.ClientError, OSError):
            return None, 0.2, {}
        finally:
            self.slowest = max(self.slowest, asyncio.get_running_loop().time() - began)
        return answer.status, float(answer.headers.get("Retry-After", "nan")), body

    async def _insist(self, session, texts):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                status, wait, body = await self.once(session, texts)
                if status == HTTPStatus.ACCEPTED:
                    assert not body["rejected"], body
                    for one in body["accepted"]:
                        self.accepted[texts[one["index"]]["url"]] = one["event_id"]
                    return
                assert status in {None, HTTPStatus.SERVICE_UNAVAILABLE}, (status, body)
                assert wait > 0, "503 must say when to come again"
                self.refused["no answer" if status is None else "503"] += 1
                await asyncio.sleep(min(wait, 1))  # an impatient user
