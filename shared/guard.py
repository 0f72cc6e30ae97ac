"""Outbound HTTP to targets that strangers name, which cannot be turned against the host or its network.

Three gates, because each is blind where the next one sees: ``check_url`` reads the text, the resolver judges every
answer of the DNS, and the socket factory judges the address that is really connected to (aiohttp never asks a resolver
about an IP literal). The connection is made to the judged address itself, so a name cannot change its mind in between;
TLS still names and checks the host.

The errors, and whose fault each is::

    OutboundError
    ├── ForbiddenTargetError   the target may not be called at all
    ├── UnansweredError        the target's: no such host, nobody listens, bad certificate, too slow, not HTTP
    └── OwnFaultError          ours: the name service is down, no file descriptors left
"""

import asyncio
import errno
import os
import socket
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from aiohttp import (
    AddrInfoType,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    ThreadedResolver,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from shared.targets import ForbiddenTargetError, OutboundError, check_url, is_allowed, judge

__all__ = [
    "Answer",
    "ForbiddenTargetError",
    "GuardedClient",
    "OutboundError",
    "OwnFaultError",
    "UnansweredError",
    "check_url",
    "guarded_session",
    "is_allowed",
]

MAX_BODY_BYTES: Final = 16 * 1024
TOTAL_SECONDS: Final = 15.0

_KEEPALIVE_SECONDS: Final = 4.0
"""Below the 5 s after which common servers (Node.js) hang up: a POST that meets the hang-up is a failed try."""

_NO_SUCH_NAME: Final = frozenset({socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_ADDRFAMILY})
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class UnansweredError(OutboundError):
    """The target did not answer as a web server does."""


class OwnFaultError(OutboundError):
    """We could not even ask; says nothing about the target."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target answered.

    Attributes:
        status: the HTTP status.
        headers: by lower-case name; of repeated ones the first.
        body: its start, decompressed; empty where it cannot be decompressed.

    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class GuardedClient:
    """The client for all targets that somebody else names; an asynchronous context manager.

    It follows no redirect, knows no proxy, ``.netrc`` or cookie, and gives up whatever the other side does: one
    deadline for everything from the name look-up to the last byte, a bounded body.

    Args:
        allow_loopback: whether this machine may be called (profile ``local`` only).
        resolver: looks names up; its answers are judged. The system's, unless given.
        total_seconds: the deadline of one request.
        max_body_bytes: how much of an answer's body is read, and kept after decompression.

    """

    def __init__(
        self,
        *,
        allow_loopback: bool,
        resolver: AbstractResolver | None = None,
        total_seconds: float = TOTAL_SECONDS,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._resolver = resolver
        self._total = total_seconds
        self._max_body = max_body_bytes
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = guarded_session(allow_loopback=self._allow_loopback, resolver=self._resolver)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """Ask once. The status decides: an answer whose body is too long, too slow or broken is still an answer.

        Raises:
            ForbiddenTargetError: the target, or any address of its name, may not be called.
            UnansweredError: no answer in time, or none that is HTTP.
            OwnFaultError: our own name service or limits were in the way.

        """
        if self._session is None:
            raise RuntimeError("use the client as an asynchronous context manager")
        target = check_url(url, allow_loopback=self._allow_loopback)
        deadline = asyncio.get_running_loop().time() + self._total
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._session.request(
                    method, target, headers=headers, data=body, allow_redirects=False
                )
        except TimeoutError as error:
            raise UnansweredError(f"{target.host} did not answer within {self._total:g} s") from error
        except (ClientError, OSError) as error:
            raise _explained(error, target) from error
        try:
            raw = await self._start_of_body(response, deadline)
        finally:
            response.close()  # a connection whose body was read to its end is back in the pool already
        kept = {name.lower(): value for name, value in reversed(list(response.headers.items()))}
        return Answer(response.status, kept, _decompressed(raw, kept.get("content-encoding", ""), self._max_body))

    async def _start_of_body(self, response: ClientResponse, deadline: float) -> bytes:
        raw = bytearray()
        with suppress(TimeoutError, ClientError, OSError):
            async with asyncio.timeout_at(deadline):
                while missing := self._max_body - len(raw):
                    chunk = await response.content.read(missing)
                    if not chunk:
                        break
                    raw += chunk
        return bytes(raw)


def guarded_session(*, allow_loopback: bool, resolver: AbstractResolver | None = None) -> ClientSession:
    """An aiohttp session whose connections are judged where they are made; for libraries that bring their own calls.

    Redirects, deadlines and sizes are the caller's to bound; ``GuardedClient`` does.
    """

    def judged_socket(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        judge(str(address[0]), "the URL", allow_loopback=allow_loopback)
        return socket.socket(family, kind, protocol)

    return ClientSession(
        connector=TCPConnector(
            limit=0,  # whoever sends bounds how much at once; waiting for a slot here would count as a slow target
            keepalive_timeout=_KEEPALIVE_SECONDS,
            resolver=_JudgingResolver(resolver or ThreadedResolver(), allow_loopback=allow_loopback),
            socket_factory=judged_socket,
        ),
        auto_decompress=False,  # it fails the whole answer for an encoding that it does not know
        cookie_jar=DummyCookieJar(),
        headers={"User-Agent": "Parley", "Accept-Encoding": "identity"},
        timeout=ClientTimeout(total=None, sock_connect=None),
        trust_env=False,
    )


class _JudgingResolver(AbstractResolver):
    """Refuses a name of which any address is forbidden: such an answer is a mistake or an attack."""

    def __init__(self, inner: AbstractResolver, *, allow_loopback: bool) -> None:
        self._inner = inner
        self._allow_loopback = allow_loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        answers = await self._inner.resolve(host, port, family)
        if not answers:
            raise socket.gaierror(socket.EAI_NODATA, "no address")
        for answer in answers:
            judge(answer["host"], host, allow_loopback=self._allow_loopback)
        return answers

    async def close(self) -> None:
        await self._inner.close()


def _explained(error: ClientError | OSError, target: URL) -> OutboundError:
    host = target.host
    cause = error.os_error if isinstance(error, ClientConnectorError) else error
    code = cause.errno if isinstance(cause, OSError) else None
    if isinstance(error, ClientConnectorDNSError):
        if code in _NO_SUCH_NAME:
            return UnansweredError(f"the host name {host} does not exist")
        return OwnFaultError(f"the name service did not answer for {host}: {error.os_error.strerror}")
    if isinstance(error, ClientConnectorCertificateError):
        return UnansweredError(f"the certificate of {host} is not valid: {error.certificate_error}")
    if code in _EXHAUSTED:
        return OwnFaultError(f"no connection to {host}: {cause}")
    if isinstance(error, ClientConnectorError):
        return UnansweredError(f"cannot connect to {host}:{target.port}: {os.strerror(code) if code else cause}")
    return UnansweredError(f"{host} broke off, or did not answer in HTTP ({type(error).__name__})")


def _decompressed(raw: bytes, encoding: str, limit: int) -> bytes:
    match encoding.strip().lower():
        case "" | "identity":
            return raw
        case "gzip" | "x-gzip" | "deflate":
            with suppress(zlib.error):
                return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(raw, limit)  # 32: gzip or zlib, as it comes
    return b""
