"""What follows from tries: the deliveries' states, the attempts, and what an answer does to its subscription."""

from collections.abc import Sequence

from prometheus_client import Counter, Histogram
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.delivery import subscriptions
from services.alerts.delivery.retry import Verdict
from services.alerts.store import claims as claim_store
from services.alerts.store.claims import Result
from services.alerts.store.messages import TEST_TYPE

ATTEMPTS = Counter("parley_delivery_attempts_total", "Tries, by what each came to", ["channel", "outcome", "verdict"])
LATENCY = Histogram(
    "parley_delivery_seconds",
    "From a message being put down to its delivery",
    ["channel"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600, 3600, 86400),
)


async def store(engine: AsyncEngine, results: Sequence[Result]) -> None:
    """Store how tries ended, all in one transaction.

    A test that was answered makes its subscription active, and what was held for it due; an endpoint that is gone
    disables its subscription.
    """
    # subscriptions before deliveries, each in order of ids, as everywhere: so no two transactions lock in a ring
    ordered = sorted(results, key=lambda result: result.claim.subscription_id)
    async with engine.begin() as connection:
        for one in ordered:
            receiver, now = one.claim.subscription_id, one.finished_at
            if one.decision.verdict is Verdict.DISABLE:
                await subscriptions.disable(connection, receiver, subscriptions.ENDPOINT_GONE, now)
            elif one.decision.verdict is Verdict.DELIVERED and one.claim.message.type == TEST_TYPE:
                await subscriptions.answered_test(connection, receiver, now)
        await claim_store.settle(connection, results)
    for one in results:
        ATTEMPTS.labels(one.claim.channel, one.outcome.kind, one.decision.verdict).inc()
        if one.decision.verdict is Verdict.DELIVERED:
            waited = one.finished_at - one.claim.message.created_at
            LATENCY.labels(one.claim.channel).observe(waited.total_seconds())
