"""The books: every text at each stage, by the word of the broker, of the database and of the receiver."""

import asyncio
from collections import Counter, defaultdict

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from shared.admin import partitions
from shared.cluster import Cluster
from shared.topics import ALERTS_DLQ, CLASSIFIED, CLASSIFY_DLQ, MILESTONES, NEWS
from tests.faults.texts import CODE

TOPICS = (NEWS, CLASSIFIED, MILESTONES, CLASSIFY_DLQ, ALERTS_DLQ)
SECONDS = 90


class Records:
    """Every record of the topics, read beside the services, with a consumer that is in no group."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.of = {topic.name: [] for topic in TOPICS}

    async def __aenter__(self):
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
        )
        await self._consumer.start()
        found = await partitions(Cluster(self.bootstrap), self.of)
        self._at = [one for every in found.values() for one in every]
        self._consumer.assign(self._at)
        return self

    async def __aexit__(self, *_):
        await self._consumer.stop()

    async def catch_up(self):
        """Read to where the topics end now."""
        ends = await self._consumer.end_offsets(self._at)
        async with asyncio.timeout(SECONDS):
            while any([await self._consumer.position(at) < end for at, end in ends.items()]):
                for batch in (await self._consumer.getmany(timeout_ms=200)).values():
                    for record in batch:
                        self.of[record.topic].append(record)

    def ids(self, topic):
        """How often each event id was published to a topic."""
        return Counter(event_id(record) for record in self.of[topic.name])


def event_id(record):
    return dict(record.headers)["ce_id"].decode()


async def committed(bootstrap, group):
    """The offset that a group has committed, by partition."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return {at: found.offset for at, found in (await admin.list_consumer_group_offsets(group)).items()}
    finally:
        await admin.close()


class Accounts:
    """What must be true, whatever was done to the services."""

    def __init__(self, records, postgres, received):
        self._records = records
        self._postgres = postgres
        self._received = received
        self._seen_again = Counter()

    async def at_kill(self, service):
        """While a service is dead: nothing that it settled lacks its effect. Records whose effect was not settled yet."""
        check = {"ingest": self._ingest, "classify": self._classify, "alerts": self._alerts}[service]
        return await check()

    async def _ingest(self):
        stored = {row["id"] for row in await self._rows("SELECT text_id || ':' || revision AS id FROM ingest_texts")}
        await self._records.catch_up()
        assert stored <= set(self._records.ids(NEWS)), "a text was stored before the broker had it"
        return len(set(self._records.ids(NEWS)) - stored)

    async def _classify(self):
        settled = await committed(self._records.bootstrap, "parley.classify")
        await self._records.catch_up()
        read = {name.rpartition(":")[0] for name in self._records.ids(CLASSIFIED)}
        return self._unsettled(NEWS, settled, read)

    async def _alerts(self):
        settled = await committed(self._records.bootstrap, "parley.alerts")
        await self._records.catch_up()
        kept = {row["event_id"] for row in await self._rows("SELECT event_id FROM readings")}
        tried = {row["delivery_id"] for row in await self._rows("SELECT delivery_id FROM attempts")}
        assert {one["webhook_id"] for one in self._received} <= tried, "something was sent before its attempt was kept"
        return self._unsettled(CLASSIFIED, settled, kept)

    def _unsettled(self, topic, settled, effects):
        ahead = 0
        for record in self._records.of[topic.name]:
            is_settled = record.offset < settled.get((record.topic, record.partition), 0)
            if is_settled:
                assert event_id(record) in effects, f"{record.topic} was committed before its effect"
            else:
                ahead += event_id(record) in effects
        return ahead

    async def settled(self, stream, accepted):
        """Wait until nothing moves any more, then balance the books of one stream; how many texts are accounted for."""
        assert set(accepted) == {text["url"] for text in stream.texts}
        await self._until(self._nothing_owed, stream, accepted)
        await self._texts(accepted)
        milestones = await self._milestones(stream)
        await self._told(milestones)
        assert not self._records.of[CLASSIFY_DLQ.name]
        assert not self._records.of[ALERTS_DLQ.name]
        return len(accepted)

    async def _until(self, condition, *arguments):
        async with asyncio.timeout(SECONDS):
            while not await condition(*arguments):
                await asyncio.sleep(0.2)

    async def _nothing_owed(self, stream, accepted):
        (row,) = await self._rows(
            "SELECT (SELECT count(*) FROM readings WHERE split_part(event_id, ':', 1) || ':1' = ANY($1)) AS read,"
            " (SELECT count(*) FROM deliveries WHERE state = 'pending') AS owed,"
            " (SELECT count(*) FROM messages WHERE NOT fanned_out) AS open",
            list(accepted.values()),
        )
        return row["read"] == len(accepted) and not row["owed"] and not row["open"]

    async def _texts(self, accepted):
        """Each is one row of ingest, one event of each service (published again or not), and one reading."""
        await self._records.catch_up()
        events = set(accepted.values())
        assert len(events) == len(accepted)
        stored = Counter(
            row["id"] for row in await self._rows("SELECT text_id || ':' || revision AS id FROM ingest_texts")
        )
        assert {name: stored[name] for name in events} == dict.fromkeys(events, 1)
        assert events <= set(self._records.ids(NEWS))
        by_text = defaultdict(list)
        for name in self._records.ids(CLASSIFIED):
            by_text[name.rpartition(":")[0]].append(name)
        assert {name: len(by_text[name]) for name in events} == dict.fromkeys(events, 1)
        kept = Counter(row["event_id"] for row in await self._rows("SELECT event_id FROM readings"))
        assert {name: kept[by_text[name][0]] for name in events} == dict.fromkeys(events, 1)

    async def _milestones(self, stream):
        """One per process and episode, confirmed, resting on exactly its texts, its revisions without gap or double."""
        rows = await self._rows(
            "SELECT m.id, m.process, m.status, m.revision, m.first_seen::date::text AS day,"
            " ARRAY(SELECT jsonb_array_elements(m.sources::jsonb) ->> 'url') AS urls,"
            " ARRAY(SELECT number FROM revisions WHERE milestone_id = m.id ORDER BY number) AS numbers"
            " FROM milestones m WHERE m.code = $1",
            CODE,
        )
        found = [row for row in rows if any(f"/{stream.name}/" in url for url in row["urls"])]
        assert len({(row["process"], row["day"]) for row in found}) == len(found), "a milestone came twice"
        assert {(row["process"], row["day"]): set(row["urls"]) for row in found} == stream.told
        assert {row["status"] for row in found} == {"confirmed"}
        for row in found:
            assert row["numbers"] == list(range(1, row["revision"] + 1))
        return {(row["id"], number) for row in found for number in row["numbers"]}

    async def _told(self, revisions):
        """Each revision has gone out on both ways: one delivery with one id, and one event with one id."""
        rows = await self._rows(
            "SELECT d.id, d.state, s.channel, r.milestone_id, r.number FROM deliveries d"
            " JOIN subscriptions s ON s.id = d.subscription_id JOIN revisions r ON r.message_id = d.message_id"
        )
        mine = [row for row in rows if (row["milestone_id"], row["number"]) in revisions]
        assert {row["state"] for row in mine} == {"delivered"}
        for channel in ("webhook", "kafka"):
            of = [(row["milestone_id"], row["number"]) for row in mine if row["channel"] == channel]
            assert len(of) == len(set(of)), "one revision is owed twice"
            assert set(of) == revisions
        owed = {row["id"]: (row["milestone_id"], row["number"]) for row in mine if row["channel"] == "webhook"}
        got = defaultdict(set)
        for one in self._received:
            got[one["data"]["milestone_id"], one["data"]["revision"]].add(one["webhook_id"])
        assert {revision: got[revision] for revision in revisions} == {
            revision: {name} for name, revision in owed.items()
        }
        assert {f"{milestone}:{number}" for milestone, number in revisions} <= set(self._records.ids(MILESTONES))

    def seen_again(self):
        """Since the last call: what came once more under the same id, which "at least once" allows."""
        total = Counter(
            {
                "news": _extra(self._records.ids(NEWS)),
                "readings": _extra(self._records.ids(CLASSIFIED)),
                "webhooks": _extra(Counter(one["webhook_id"] for one in self._received)),
            }
        )
        since = total - self._seen_again
        self._seen_again = total
        return ", ".join(f"{number} {name}" for name, number in since.items()) or "nothing"

    async def _rows(self, query, *arguments):
        return await self._postgres.rows(query, *arguments)


def _extra(counted):
    return sum(number - 1 for number in counted.values())
