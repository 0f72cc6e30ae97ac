"""Real servers on loopback that receive what Parley sends: well-behaved ones, and ones that misbehave byte by byte."""

import asyncio
import socket
from contextlib import asynccontextmanager, suppress

from aiohttp.abc import AbstractResolver

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Receiver:
    """What a server has seen.

    ``connections`` counts TCP connections; ``requests`` holds, for each complete request, its head and body;
    ``hung_up`` is set when a client leaves before the server is done.
    """

    def __init__(self):
        self.port = 0
        self.connections = 0
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.hung_up = asyncio.Event()

    def url(self, path="/hook", host="127.0.0.1", scheme="http"):
        return f"{scheme}://{host}:{self.port}{path}"


async def _request(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {"": lines[0]} | {n.lower(): v for n, _, v in (line.partition(": ") for line in lines[1:] if line)}
    return headers, await reader.readexactly(int(headers.get("content-length", 0)))


@asynccontextmanager
async def receiver(answer=OK, *, tls=None):
    """Serve on a free loopback port.

    ``answer`` is the bytes of every response (the connection is closed after them), or a coroutine function
    ``answer(write, requests_so_far)`` that writes what it likes, as long as it likes.
    """
    seen = Receiver()
    tasks = set()

    async def talk(reader, writer):
        tasks.add(asyncio.current_task())
        seen.connections += 1

        async def write(data):
            writer.write(data)
            await writer.drain()

        try:
            seen.requests.append(await _request(reader))
            if callable(answer):
                await answer(write, len(seen.requests))
            else:
                await write(answer)
        except (ConnectionError, asyncio.IncompleteReadError):
            seen.hung_up.set()
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            writer.close()
            with suppress(ConnectionError, OSError):
                await writer.wait_closed()
            tasks.discard(asyncio.current_task())

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def closed_port():
    """A loopback port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class FakeResolver(AbstractResolver):
    """A name service that answers each look-up with the next of the given answers: addresses, or an error."""

    def __init__(self, *answers):
        self._answers = list(answers)
        self.lookups = 0

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        self.lookups += 1
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in answer
        ]

    async def close(self):
        pass
