"""What every HTTP door has: problem+json errors (RFC 9457), probes, ``/metrics``, ``/status``, and API keys."""

import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from shared.keys import ApiKey, holder

PROBLEM_TYPE = "application/problem+json"
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Probe = Callable[[], Awaitable[str | None]]
"""Answers ``None`` when all is well, else a sentence that says what is not."""

_bearer = HTTPBearer(auto_error=False, description="An API key as `Authorization: Bearer …`.")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="The same key as `X-API-Key`.")


@dataclass
class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """An error answer by RFC 9457; raise it anywhere below an HTTP door.

    ``extra`` are extension members, ``headers`` go with the response.
    """

    status: int
    detail: str
    type: str = "about:blank"
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The members of the problem object."""
        return {
            "type": self.type,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }

    def response(self) -> JSONResponse:
        """The answer on the wire."""
        return JSONResponse(self.body(), self.status, headers=self.headers, media_type=PROBLEM_TYPE)


def make_app(
    *,
    title: str,
    description: str,
    lifespan: Lifespan,
    keys: Sequence[ApiKey],
    probes: dict[str, Probe],
    status: Callable[[], Awaitable[dict[str, Any]]],
) -> FastAPI:
    """An application with the doors that all services share.

    ``/healthz`` answers while the process lives; ``/readyz`` runs every probe; ``/status`` is for people.
    """
    app = FastAPIOffline(title=title, description=description, lifespan=lifespan, version="1")
    app.state.keys = tuple(keys)

    @app.get("/healthz", tags=["operations"])
    async def healthz() -> dict[str, str]:
        """Answer while the process is alive."""
        return {"status": "alive"}

    @app.get("/readyz", tags=["operations"])
    async def readyz() -> JSONResponse:
        """Say whether every part that the service needs is there, and which is not."""
        failing = {name: reason for name, probe in probes.items() if (reason := await probe()) is not None}
        if failing:
            problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "not ready", extra={"failing": failing})
            return problem.response()
        return JSONResponse({"status": "ready", "checked": sorted(probes)})

    @app.get("/metrics", tags=["operations"])
    async def metrics() -> Response:
        """Prometheus metrics."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/status", tags=["operations"])
    async def show_status() -> dict[str, Any]:
        """What the service is doing, for people."""
        return await status()

    _handle_errors(app)
    return app


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return error.response()

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        return Problem(error.status_code, str(error.detail), headers=dict(error.headers or {})).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        errors = [
            {"pointer": "/" + "/".join(str(part) for part in item["loc"][1:]), "detail": item["msg"]}
            for item in error.errors()
        ]
        detail = "; ".join(f"{item['pointer']}: {item['detail']}" for item in errors)
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, extra={"errors": errors}).response()


def requires(scope: str) -> Any:  # noqa: ANN401 - FastAPI's dependency marker has no type of its own
    """A dependency that lets only holders of ``scope`` through: 401 without a key, 403 without the scope."""

    async def check(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
        header: Annotated[str | None, Depends(_header)],
    ) -> ApiKey:
        presented = bearer.credentials if bearer else header
        key = holder(request.app.state.keys, presented) if presented else None
        if key is None:
            problem = "the API key is unknown" if presented else "an API key is required"
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                f"{problem}; send it as 'Authorization: Bearer <key>'",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if scope not in key.scopes:
            raise Problem(HTTPStatus.FORBIDDEN, f"the key {key.name!r} lacks the scope {scope!r}")
        return key

    return Depends(check)


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve an application until SIGTERM or SIGINT; what it holds then is finished, for 25 s at most.

    Raises:
        SystemExit: 1 with one sentence on standard error, where the address is taken or is not of this machine.

    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = (error.strerror or str(error)).split(" (")[0]
        sys.stderr.write(f"cannot start: port {port} of {host} cannot be used: {reason}\n")
        raise SystemExit(1) from None
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=25)
    server = uvicorn.Server(config)
    # when it has shut down, uvicorn raises the signal again; to end by request is no failure
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    if not server.started:
        raise SystemExit(1)
