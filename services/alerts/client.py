"""The API of alerts as its own terminal commands call it: whatever goes wrong is one sentence and an exit status."""

import json
import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

import typer
from pydantic import AnyHttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import PREFIX

UNREACHABLE: Final = 2
REFUSED: Final = 1
_PAGE: Final = 500
_TIMEOUT_SECONDS: Final = 30


class ClientSettings(BaseSettings):
    """Which service is asked, and as whom."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    api_key: SecretStr
    alerts_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8083")


class Client:
    """The API of alerts; whatever goes wrong ends the command with one sentence."""

    def __init__(self, settings: ClientSettings) -> None:
        self._url = str(settings.alerts_url).rstrip("/")
        self._key = settings.api_key.get_secret_value()
        self._opener: OpenerDirector = build_opener(ProxyHandler({}))  # a proxy would be asked for this machine too

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Ask once; gives the answer's JSON, or ``None`` where it has no body."""
        request = Request(  # noqa: S310 - http or https, as the settings check
            f"{self._url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                content = answer.read()
        except HTTPError as error:
            raise _refused(error) from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise fail(
                f"alerts does not answer at {self._url} ({reason}): start it with `make run`, "
                f"or say where it is with {PREFIX}ALERTS_URL"
            ) from None
        try:
            return json.loads(content) if content else None
        except ValueError:
            raise fail(f"what answers at {self._url} is not alerts: its answer is no JSON") from None

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - whatever a query can hold
        """All items of all pages."""
        asked = {name: value for name, value in query.items() if value} | {"limit": _PAGE}
        while True:
            page = self.call("GET", f"{path}?{urlencode(asked, doseq=True)}")
            yield from page["items"]
            if page["next"] is None:
                return
            asked["cursor"] = page["next"]


def fail(sentence: str, status: int = UNREACHABLE) -> typer.Exit:
    """End the command with one sentence; to be raised."""
    sys.stderr.write(f"{sentence}\n")
    return typer.Exit(status)


def _refused(error: HTTPError) -> typer.Exit:
    with error:
        content = error.read()
    try:
        detail = str(json.loads(content)["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"it answers {error.code} {error.reason}"
    if error.code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        detail += f" (the key is taken from {PREFIX}API_KEY)"
    return fail(f"alerts refuses: {detail}", UNREACHABLE if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR else REFUSED)
