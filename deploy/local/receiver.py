"""A sample webhook receiver: verifies each webhook with the official library and prints one line for it.

It is what a first subscriber would write. ``GET /received`` gives everything verified since it started, as JSON.
"""

import json
import os
import sys
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

RECEIVED = web.AppKey("received", list[dict[str, Any]])
VERIFIER = web.AppKey("verifier", Webhook)


async def receive(request: web.Request) -> web.Response:
    """Take one webhook: 204 where its signature is right, 401 where it is not."""
    body = await request.text()
    try:
        request.app[VERIFIER].verify(body, dict(request.headers))
    except (WebhookVerificationError, ValueError) as error:  # malformed base64 is a ValueError in this library
        say(f"REFUSED  {error}")
        return web.Response(status=401, text="the signature is wrong")
    message = json.loads(body)
    name = request.headers["webhook-id"]
    again = any(one["webhook_id"] == name for one in request.app[RECEIVED])
    request.app[RECEIVED].append({"webhook_id": name, **message})
    say(f"VERIFIED {described(message)}{' (again)' if again else ''}  [webhook-id {name}]")
    return web.Response(status=204)


def described(message: dict[str, Any]) -> str:
    """What a message says, in one line."""
    data = message["data"]
    if "milestone_id" not in data:
        return f"{message['type']}: {data.get('message', '')}"
    quote = data["sources"][0]["quote"] if data["sources"] else ""
    return (
        f"{data['process_name']}: {data['label']}, {data['status']} (revision {data['revision']}, "
        f'{len(data["sources"])} source{"s" if len(data["sources"]) != 1 else ""}) "{quote}"'
    )


async def received(request: web.Request) -> web.Response:
    """Everything verified since the start."""
    return web.json_response(request.app[RECEIVED])


def say(line: str) -> None:
    """Print at once, also into a file or pipe."""
    print(f"receiver | {line}", flush=True)


def create(secret: str) -> web.Application:
    """The receiver as an application; ``secret`` is the subscription's, in ``whsec_`` form."""
    app = web.Application()
    app[RECEIVED] = []
    app[VERIFIER] = Webhook(secret)
    app.router.add_post("/webhook", receive)
    app.router.add_get("/received", received)
    return app


def main() -> None:
    """Run on loopback; port and secret come from the local run."""
    secret = os.environ.get("PARLEY_RECEIVER_SECRET")
    if not secret:
        sys.exit("PARLEY_RECEIVER_SECRET is not set; `make run` sets it")
    port = int(os.environ.get("PARLEY_RECEIVER_PORT", "8084"))
    web.run_app(create(secret), host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main()
