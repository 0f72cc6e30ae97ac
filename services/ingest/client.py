"""``parley ingest post``: one call to the running service."""

import asyncio
import json
import sys
from http import HTTPStatus
from typing import Final

import aiohttp
from pydantic import AnyHttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import PREFIX, load_or_exit

UNREACHABLE: Final = 2


class ClientSettings(BaseSettings):
    """Where to send, and as whom."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    api_key: SecretStr
    ingest_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8081")


def post(kind: str, body: bytes) -> int:
    """Send one body and print the answer; the exit status: 0 where every item was taken, 1 where not, 2 unreachable."""
    settings = load_or_exit(ClientSettings)
    try:
        status, answer = asyncio.run(_post(settings, f"/v1/{kind}", body))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        sys.stderr.write(f"ingest at {settings.ingest_url} does not answer ({error}); is `make run` running?\n")
        return UNREACHABLE
    sys.stdout.write(answer.rstrip() + "\n")
    return int(status != HTTPStatus.ACCEPTED or bool(json.loads(answer)["rejected"]))


async def _post(settings: ClientSettings, path: str, body: bytes) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {settings.api_key.get_secret_value()}", "Content-Type": "application/json"}
    address = str(settings.ingest_url).rstrip("/") + path
    timeout = aiohttp.ClientTimeout(total=60)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(address, data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()
