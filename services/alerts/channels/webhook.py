"""Signed webhooks, as Standard Webhooks describes them (standard-webhooks/spec, version 1.0.0)."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from services.alerts.delivery.message import Kind, OutboundMessage, Outcome
from services.alerts.delivery.retry import outcome_of
from shared.guard import Answer, GuardedClient, OutboundError, OwnFaultError

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 -- the prefix of all secrets, not one
MIN_SECRET_BYTES: Final = 24
MAX_SECRET_BYTES: Final = 64
_DETAIL_CHARACTERS: Final = 200


class WebhookChannel:
    """POSTs each message, signed, to the subscription's URL."""

    def __init__(self, client: GuardedClient) -> None:
        self._client = client

    async def send(self, message: OutboundMessage, now: datetime) -> Outcome:
        """Try once; see ``Channel.send``. A URL that may not be called is a failed try, nothing is sent to it."""
        try:
            body = envelope(message)
            # the time of this try, not of the event: receivers refuse what is older than some minutes
            headers = signed_headers(message.id, int(now.timestamp()), body, message.secrets)
        except ValueError as error:
            return Outcome(Kind.OWN_FAULT, detail=f"cannot sign: {error}")
        try:
            answer = await self._client.request("POST", message.url, headers=headers, body=body)
        except OwnFaultError as error:
            return Outcome(Kind.OWN_FAULT, detail=str(error))
        except OutboundError as error:
            return Outcome(Kind.FAILED, detail=str(error))
        return outcome_of(answer.status, answer.headers.get("retry-after"), _summary(answer), now)


def envelope(message: OutboundMessage) -> bytes:
    """The body: ``type``, ``timestamp``, ``sequence`` and ``data``; the same bytes at every try."""
    kind = json.dumps(message.type)
    timestamp = json.dumps(message.timestamp.astimezone(UTC).isoformat().replace("+00:00", "Z"))
    return (f'{{"type":{kind},"timestamp":{timestamp},"sequence":{message.sequence:d},"data":{message.data}}}').encode()


def signed_headers(message_id: str, timestamp: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """The headers that prove who sent the body and when, with one signature per secret.

    Args:
        message_id: unique per message and subscription, stable over tries; contains no full stop.
        timestamp: of the try, in seconds since 1970.
        body: exactly as it is sent.
        secrets: ``whsec_…``, newest first.

    Raises:
        ValueError: there is no secret, or one that is not as ``secret_key`` expects it.

    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = [hmac.digest(secret_key(secret), signed, hashlib.sha256) for secret in secrets]
    if not digests:
        raise ValueError("the subscription has no secret")
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }


def new_secret(random_bytes: bytes) -> str:
    """Write a secret as receivers get it.

    Args:
        random_bytes: 24 to 64 bytes from a cryptographic source.

    Raises:
        ValueError: there are fewer or more.

    """
    if not MIN_SECRET_BYTES <= len(random_bytes) <= MAX_SECRET_BYTES:
        raise ValueError(f"a secret has {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes, not {len(random_bytes)}")
    return SECRET_PREFIX + base64.b64encode(random_bytes).decode()


def secret_key(secret: str) -> bytes:
    """The bytes behind ``whsec_<base64>``; padding may be missing.

    Raises:
        ValueError: it is not a secret of 24 to 64 bytes in this form; the message does not repeat it.

    """
    encoded = secret.removeprefix(SECRET_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES:
        raise ValueError(
            f"a secret is {SECRET_PREFIX} and {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes in base64"
        ) from None
    return key


def _summary(answer: Answer) -> str:
    text = answer.body.decode(errors="replace")
    printable = "".join(character if character.isprintable() else " " for character in text)
    said = " ".join(printable.split())[:_DETAIL_CHARACTERS]
    return f"answered {answer.status}: {said}" if said else f"answered {answer.status}"
