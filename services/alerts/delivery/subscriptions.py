"""What can be done with a subscription: create, test, remove; and what its endpoint's answers do to it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.alerts.channels.webhook import new_secret, secret_key
from services.alerts.delivery.matching import Criteria
from services.alerts.store import deliveries as delivery_store
from services.alerts.store import messages as message_store
from services.alerts.store import subscriptions as store
from services.alerts.store.subscriptions import KAFKA, State
from shared.catalogue import Catalogue
from shared.guard import ForbiddenTargetError, check_url
from shared.vocabulary import CODES

Entropy = Callable[[int], bytes]
"""Gives that many random bytes, fit for secrets."""

SECRET_BYTES: Final = 32
ENDPOINT_GONE: Final = "the endpoint answered 410 Gone"
_GREETING: Final = "This is a test from Parley. Answer it with any 2xx status, and alerts will follow."


class InvalidSubscriptionError(ValueError):
    """What was asked for cannot be done; ``errors`` pairs a JSON pointer with a sentence, for each thing wrong."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{pointer}: {problem}" for pointer, problem in errors))
        self.errors = errors


class UnknownSubscriptionError(LookupError):
    """There is no such subscription."""


class BuiltInError(ValueError):
    """The subscription is a part of Parley itself: it can be neither removed nor tested."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A webhook subscription as it is asked for.

    Attributes:
        url: where to; ``http`` or ``https``.
        criteria: of what.
        name: for people; the URL's host unless given.
        secret: ``whsec_…``; a new one unless given.

    """

    url: str = field(repr=False)
    criteria: Criteria = field(default_factory=Criteria)
    name: str | None = None
    secret: str | None = field(default=None, repr=False)


async def create(
    engine: AsyncEngine, catalogue: Catalogue, entropy: Entropy, wish: Wish, now: datetime, *, allow_loopback: bool
) -> tuple[Row[Any], str]:
    """Keep a webhook subscription, and owe its endpoint a test; until it has answered one it gets nothing else.

    Returns:
        the subscription, and the secret by which its endpoint can verify what it gets.

    Raises:
        InvalidSubscriptionError: names every field that is wrong.

    """
    if errors := list(_problems(catalogue, wish, allow_loopback=allow_loopback)):
        raise InvalidSubscriptionError(errors)
    secret = wish.secret or new_secret(entropy(SECRET_BYTES))
    subscription_id = _uuid(entropy)
    async with engine.begin() as connection:
        await store.add(
            connection,
            subscription_id,
            name=wish.name or check_url(wish.url, allow_loopback=allow_loopback).host or "",
            channel="webhook",
            target={"url": wish.url, "secrets": [secret]},
            criteria=wish.criteria,
            state=State.UNVERIFIED,
            now=now,
        )
        await _owe_test(connection, subscription_id, 1, entropy, now)
        return await _existing(connection, subscription_id), secret


def _problems(catalogue: Catalogue, wish: Wish, *, allow_loopback: bool) -> list[tuple[str, str]]:
    found = []
    try:
        check_url(wish.url, allow_loopback=allow_loopback)
    except ForbiddenTargetError as error:
        found.append(("/url", str(error)))
    if wish.secret is not None:
        try:
            secret_key(wish.secret)
        except ValueError as error:
            found.append(("/secret", str(error)))
    for name, known in (("processes", catalogue.processes), ("codes", CODES)):
        unknown = sorted(getattr(wish.criteria, name) - set(known))
        found += [(f"/{name}", f"{one!r} is unknown; known are {', '.join(known)}") for one in unknown]
    return found


async def send_test(engine: AsyncEngine, entropy: Entropy, subscription_id: str, now: datetime) -> str:
    """Owe the endpoint another test; one that was disabled can come back by it. Gives the id of the delivery.

    Raises:
        UnknownSubscriptionError: there is none of this id.
        BuiltInError: it has no endpoint.

    """
    async with engine.begin() as connection:
        row = await _existing(connection, subscription_id)
        if row.id == KAFKA:
            raise BuiltInError("the built-in subscription has no endpoint that could be tested")
        if row.state == State.DISABLED:
            await store.set_state(connection, row.id, State.UNVERIFIED, None, now=now)
        return await _owe_test(connection, row.id, row.sequence + 1, entropy, now)


async def remove(engine: AsyncEngine, subscription_id: str, now: datetime) -> None:
    """Forget a subscription with its secret, its history and everything that it is still owed.

    Raises:
        UnknownSubscriptionError: there is none of this id.
        BuiltInError: it is a part of Parley itself.

    """
    if subscription_id == KAFKA:
        raise BuiltInError("the built-in subscription feeds Kafka, and cannot be removed")
    async with engine.begin() as connection:
        await _existing(connection, subscription_id)
        await delivery_store.cancel(connection, subscription_id, "removed", now=now)
        await store.remove(connection, subscription_id)
        await message_store.remove_tests(connection, subscription_id)


async def ensure_builtin(engine: AsyncEngine, now: datetime) -> None:
    """Make sure of the subscription that feeds ``parley.milestones.v1`` with every revision, late and test ones too."""
    async with engine.begin() as connection:
        await store.add(
            connection,
            KAFKA,
            name="Kafka (built in)",
            channel="kafka",
            target={},
            criteria=Criteria(include_late=True, include_test=True),
            state=State.ACTIVE,
            now=now,
        )


async def answered_test(connection: AsyncConnection, subscription_id: str, now: datetime) -> None:
    """The endpoint has shown that it is there: what was held for it becomes due."""
    changed = await store.set_state(
        connection, subscription_id, State.ACTIVE, None, now=now, only_from=[State.UNVERIFIED]
    )
    if changed:
        await delivery_store.release_held(connection, subscription_id, now=now)


async def disable(connection: AsyncConnection, subscription_id: str, reason: str, now: datetime) -> None:
    """The endpoint wants nothing any more: nothing is owed to it."""
    await store.set_state(connection, subscription_id, State.DISABLED, reason, now=now)
    await delivery_store.cancel(connection, subscription_id, reason, now=now)


async def _existing(connection: AsyncConnection, subscription_id: str) -> Row[Any]:
    row = await store.get_locked(connection, subscription_id)
    if row is None:
        raise UnknownSubscriptionError(f"there is no subscription {subscription_id!r}")
    return row


async def _owe_test(
    connection: AsyncConnection, subscription_id: str, sequence: int, entropy: Entropy, now: datetime
) -> str:
    message_id = _uuid(entropy)
    body = json.dumps({"subscription_id": subscription_id, "message": _GREETING})
    await message_store.add_test(connection, message_id, subscription_id, body, now=now)
    owed = delivery_store.owed(message_id, subscription_id, sequence=sequence, reason="test", held=False, now=now)
    await delivery_store.add(connection, [owed])
    await store.advance(connection, {subscription_id: 1})
    return str(owed["id"])


def _uuid(entropy: Entropy) -> str:
    return str(UUID(bytes=entropy(16), version=4))
