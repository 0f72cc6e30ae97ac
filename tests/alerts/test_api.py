"""The HTTP doors of alerts, over both databases."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from services.alerts import intake
from services.alerts.api import routers
from services.alerts.channels.webhook import new_secret
from services.alerts.delivery import subscriptions
from services.alerts.store.subscriptions import KAFKA
from shared import http, keys
from shared.database import make_engine
from tests.alerts.owing import (
    CATALOGUE,
    FakeChannel,
    SetClock,
    entropy,
    given_out,
    owed,
    put_down,
    put_down_many,
    standing,
    states,
    subscribed,
    until,
)
from tests.alerts.test_intake import reading
from tests.alerts.test_sender import FAILED, sending, settled
from tests.builders import NOW, signal, source

KEYS = {"all": ("read", "subscribe"), "reader": ("read",), "sender": ("publish",)}
SECRET = new_secret(b"s" * 24)
WISH = {"url": "https://hooks.example.org/parley", "processes": ["ukraine"], "codes": ["ceasefire_agreed"]}


def app_over(engine, *, allow_loopback=False):
    @asynccontextmanager
    async def lifespan(_):
        yield

    async def status():
        return {}

    app = http.make_app(
        title="alerts",
        description="",
        lifespan=lifespan,
        keys=[keys.hashed(name, scopes, name) for name, scopes in KEYS.items()],
        probes={},
        status=status,
    )
    app.state.engine = engine
    app.state.catalogue = CATALOGUE
    app.state.clock = SetClock()
    app.state.entropy = entropy()
    app.state.wakeup = asyncio.Event()
    app.state.allow_loopback = allow_loopback
    for router in routers:
        app.include_router(router)
    return app


def client_of(app, key="all"):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://alerts", headers=headers)


@pytest.fixture
def app(engine):
    return app_over(engine)


@pytest.fixture
async def api(app):
    async with client_of(app) as client:
        yield client


def pointers(answer):
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [one["pointer"] for one in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("method", "path", "needs"),
    [
        ("GET", "/v1/milestones", "read"),
        ("GET", "/v1/milestones/m1", "read"),
        ("GET", "/v1/processes", "read"),
        ("GET", "/v1/deliveries", "read"),
        ("GET", "/v1/subscriptions", "subscribe"),
        ("POST", "/v1/subscriptions", "subscribe"),
        ("GET", "/v1/subscriptions/s1", "subscribe"),
        ("DELETE", "/v1/subscriptions/s1", "subscribe"),
        ("POST", "/v1/subscriptions/s1/test", "subscribe"),
    ],
)
async def test_every_door_needs_a_key_with_its_scope(app, method, path, needs):
    for key, status in ((None, 401), ("unknown", 401), ("sender", 403)):
        async with client_of(app, key) as client:
            answer = await client.request(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
    async with client_of(app, "reader") as client:
        answer = await client.request(method, path)
    assert (answer.status_code == 403) is (needs == "subscribe")


class TestSubscribing:
    async def test_a_new_subscription_shows_its_secret_once_and_is_owed_a_test(self, engine, app, api):
        answer = await api.post("/v1/subscriptions", json={**WISH, "name": "desk", "min_confidence": 0.5})
        assert answer.status_code == 201
        created = answer.json()
        assert created["secret"].startswith("whsec_")
        assert answer.headers["location"] == f"/v1/subscriptions/{created['id']}"
        shown = {name: value for name, value in created.items() if name != "secret"}
        assert shown == {
            "id": created["id"],
            "name": "desk",
            "channel": "webhook",
            "url": WISH["url"],
            "state": "unverified",
            "state_reason": None,
            "sequence": 1,
            "processes": ["ukraine"],
            "codes": ["ceasefire_agreed"],
            "statuses": [],
            "min_confidence": 0.5,
            "publishers": [],
            "include_late": False,
            "include_test": False,
            "created_at": "2026-03-02T09:31:05Z",
            "updated_at": "2026-03-02T09:31:05Z",
        }
        assert (await api.get(answer.headers["location"])).json() == shown
        assert (await api.get("/v1/subscriptions")).json() == {"items": [shown], "next": None}
        assert [row.reason for row in await owed(engine)] == ["test"]
        assert app.state.wakeup.is_set()

    async def test_a_secret_of_ones_own_is_kept(self, engine, api):
        created = (await api.post("/v1/subscriptions", json={**WISH, "secret": SECRET})).json()
        assert created["secret"] == SECRET
        assert (await standing(engine, created["id"])).target["secrets"] == [SECRET]

    async def test_an_unnamed_one_is_called_by_its_host(self, api):
        assert (await api.post("/v1/subscriptions", json=WISH)).json()["name"] == "hooks.example.org"

    async def test_every_wrong_field_is_named_at_once(self, api):
        wrong = {"url": "ftp://hooks.example.org", "secret": "hunter2", "processes": ["atlantis"], "codes": ["peace"]}
        answer = await api.post("/v1/subscriptions", json=wrong)
        assert pointers(answer) == ["/url", "/secret", "/processes", "/codes"]
        assert "ukraine" in answer.json()["detail"]
        assert "hunter2" not in answer.text

    @pytest.mark.parametrize(
        ("field", "value", "pointer"),
        [
            ("statuses", ["rumoured"], "/statuses/0"),
            ("min_confidence", 1.5, "/min_confidence"),
            ("min_confidence", "high", "/min_confidence"),
            ("name", "", "/name"),
            ("name", "a\x00b", "/name"),
            ("url", "", "/url"),
            ("url", "https://hooks.example.org/\x00", "/url"),
            ("procesess", ["ukraine"], "/procesess"),
        ],
    )
    async def test_a_field_of_the_wrong_shape_is_named(self, api, field, value, pointer):
        assert pointers(await api.post("/v1/subscriptions", json={**WISH, field: value})) == [pointer]

    @pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://[::1]/", "http://localhost/", "http://10.0.0.8/"])
    async def test_an_internal_address_is_refused(self, engine, api, url):
        assert pointers(await api.post("/v1/subscriptions", json={"url": url})) == ["/url"]
        assert await owed(engine) == []

    async def test_loopback_is_taken_where_the_profile_allows_it(self, engine):
        async with client_of(app_over(engine, allow_loopback=True)) as api:
            assert (await api.post("/v1/subscriptions", json={"url": "http://127.0.0.1:9/"})).status_code == 201

    async def test_the_list_is_paged(self, engine, api):
        ids = sorted([await subscribed(engine, f"r{index}") for index in range(5)])
        first = (await api.get("/v1/subscriptions", params={"limit": 3})).json()
        second = (await api.get("/v1/subscriptions", params={"limit": 3, "cursor": first["next"]})).json()
        assert [one["id"] for one in first["items"] + second["items"]] == ids
        assert second["next"] is None

    async def test_a_deleted_subscription_is_forgotten_with_what_it_was_owed(self, engine, api):
        created = (await api.post("/v1/subscriptions", json=WISH)).json()
        path = f"/v1/subscriptions/{created['id']}"
        assert (await api.delete(path)).status_code == 204
        assert (await api.get(path)).status_code == (await api.delete(path)).status_code == 404
        assert await owed(engine) == []

    async def test_a_test_can_be_sent_again(self, engine, api):
        created = (await api.post("/v1/subscriptions", json=WISH)).json()
        answer = await api.post(f"/v1/subscriptions/{created['id']}/test")
        assert answer.status_code == 202
        assert [row.sequence for row in await owed(engine, created["id"])] == [1, 2]
        assert answer.json()["delivery_id"] == (await owed(engine, created["id"]))[1].id

    @pytest.mark.parametrize("name", ["nobody", "%00", "a%2Fb"])
    async def test_an_unknown_subscription_is_not_found(self, api, name):
        for method, path in (("GET", name), ("DELETE", name), ("POST", f"{name}/test")):
            assert (await api.request(method, f"/v1/subscriptions/{path}")).status_code in {404, 405}

    async def test_the_built_in_one_is_shown_but_neither_removed_nor_tested(self, engine, api):
        await subscriptions.ensure_builtin(engine, NOW)
        (shown,) = (await api.get("/v1/subscriptions")).json()["items"]
        assert (shown["id"], shown["channel"], shown["url"], shown["state"]) == (KAFKA, "kafka", None, "active")
        assert (await api.delete(f"/v1/subscriptions/{KAFKA}")).status_code == 409
        assert (await api.post(f"/v1/subscriptions/{KAFKA}/test")).status_code == 409
        assert await states(engine, KAFKA) == {}


class TestMilestones:
    async def test_a_milestone_is_shown_with_its_sources(self, engine, api):
        await put_down(
            engine, sources=(source(quote="They signed."), source(publisher="gazette.example", text_id="t2"))
        )
        (shown,) = (await api.get("/v1/milestones")).json()["items"]
        assert {name: shown[name] for name in ("process", "code", "label", "status", "what", "confidence", "test")} == {
            "process": "ukraine",
            "code": "ceasefire_agreed",
            "label": "Ceasefire agreed",
            "status": "reported",
            "what": {"actors": ["Ukraine", "Russia"], "object": None},
            "confidence": 0.9,
            "test": False,
        }
        assert shown["first_seen"] == "2026-03-02T09:30:00Z"
        first, second = shown["sources"]
        assert (first["publisher"], first["quote"]) == ("herald.example", "They signed.")
        assert (second["publisher"], second["title"]) == ("gazette.example", "Both delegations sign a ceasefire")

    async def test_filters_narrow_the_list(self, engine, api):
        await put_down(engine, milestone_id="m1")
        await put_down(engine, milestone_id="m2", process="gaza", code="prisoner_exchange")
        await put_down(engine, milestone_id="m3", process="gaza", status="confirmed", last_seen=NOW + timedelta(days=2))
        await put_down(engine, milestone_id="m4", test=True)

        async def listed(**params):
            return {one["id"] for one in (await api.get("/v1/milestones", params=params)).json()["items"]}

        assert await listed() == {"m1", "m2", "m3"}
        assert await listed(include_test=True) == {"m1", "m2", "m3", "m4"}
        assert await listed(process="gaza") == {"m2", "m3"}
        assert await listed(code=["prisoner_exchange", "sanctions_eased"]) == {"m2"}
        assert await listed(status="confirmed") == {"m3"}
        assert await listed(status=["confirmed", "reported"], process="ukraine") == {"m1"}
        assert await listed(since="2026-03-04T00:00:00Z") == {"m3"}

    async def test_pages_follow_one_another_without_gap_or_repetition(self, engine, api):
        for index in range(7):
            await put_down(engine, milestone_id=f"m{index}", first_seen=NOW - timedelta(hours=index // 3))
        seen, params = [], {"limit": 3}
        while True:
            page = (await api.get("/v1/milestones", params=params)).json()
            seen += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            params["cursor"] = page["next"]
        assert seen == ["m2", "m1", "m0", "m5", "m4", "m3", "m6"]

    @pytest.mark.parametrize(
        ("params", "pointer"),
        [
            ({"code": ["ceasefire_agreed", "peace"]}, "/code/1"),
            ({"status": "rumoured"}, "/status/0"),
            ({"process": "atlantis"}, "/process"),
            ({"since": "yesterday"}, "/since"),
            ({"since": "2026-03-02T00:00:00"}, "/since"),
            ({"limit": 0}, "/limit"),
            ({"cursor": "!"}, "/cursor"),
            ({"cursor": "bm9uc2Vuc2U"}, "/cursor"),
            ({"process": "a\x00"}, "/process"),
        ],
    )
    async def test_a_wrong_filter_is_named(self, api, params, pointer):
        assert pointers(await api.get("/v1/milestones", params=params)) == [pointer]

    async def test_one_milestone_shows_its_revisions_and_what_each_text_was_decided_to_say(self, engine, api):
        first, second = reading(), reading(signal(), signal("talks_held"), by="gazette.example", text="t2")
        await intake.take(engine, CATALOGUE, [first], NOW)
        await intake.take(engine, CATALOGUE, [second], NOW + timedelta(minutes=1))
        listed = (await api.get("/v1/milestones", params={"code": "ceasefire_agreed"})).json()["items"]
        shown = (await api.get(f"/v1/milestones/{listed[0]['id']}")).json()
        assert [(one["number"], one["status"], one["reason"]) for one in shown["revisions"]] == [
            (1, "reported", "first_report"),
            (2, "confirmed", "independent_origins"),
        ]
        assert [(one["text_id"], one["publisher"]) for one in shown["readings"]] == [
            ("t1", "herald.example"),
            ("t2", "gazette.example"),
        ]
        assert [(one["code"], one["decision"]) for one in shown["readings"][1]["decisions"]] == [
            ("ceasefire_agreed", "revised"),
            ("talks_held", "opened"),
        ]

    @pytest.mark.parametrize("name", ["nothing", "%00"])
    async def test_an_unknown_milestone_is_not_found(self, api, name):
        assert (await api.get(f"/v1/milestones/{name}")).status_code == 404


async def test_processes_come_with_the_number_of_their_milestones(engine, api):
    await put_down(engine, milestone_id="m1")
    await put_down(engine, milestone_id="m2", status="confirmed")
    await put_down(engine, milestone_id="m3", test=True)
    shown = (await api.get("/v1/processes")).json()
    assert shown["version"] == CATALOGUE.version
    assert [one["id"] for one in shown["items"]] == list(CATALOGUE.processes)
    ukraine = next(one for one in shown["items"] if one["id"] == "ukraine")
    assert ukraine["parties"] == ["Ukraine", "Russia"]
    assert ukraine["milestones"] == {"reported": 1, "confirmed": 1, "reversed": 0, "retracted": 0}


class TestDeliveries:
    async def test_each_is_shown_with_its_attempts(self, engine, api):
        receiver = await subscribed(engine)
        message = await put_down(engine)
        async with sending(engine, FakeChannel(otherwise=FAILED)):

            async def tried():
                return any(row.attempts_made for row in await owed(engine))

            await until(tried)
        (shown,) = (await api.get("/v1/deliveries", params={"subscription": receiver})).json()["items"]
        assert shown == {
            "id": (await owed(engine))[0].id,
            "subscription_id": receiver,
            "message_id": message,
            "type": "parley.milestone.changed.v1",
            "subject": "ukraine:ceasefire_agreed:1",
            "sequence": 1,
            "state": "pending",
            "reason": "matches",
            "attempts_made": 1,
            "due_at": "2026-03-02T09:31:10Z",
            "created_at": "2026-03-02T09:31:05Z",
            "finished_at": None,
            "attempts": [
                {
                    "started_at": "2026-03-02T09:31:05Z",
                    "finished_at": "2026-03-02T09:31:05Z",
                    "outcome": "failed",
                    "reason": "backoff",
                    "status_code": 500,
                    "detail": "answered 500",
                }
            ],
        }

    async def test_filters_narrow_the_list(self, engine, api):
        one, other = await subscribed(engine, "one"), await subscribed(engine, "other")
        await put_down(engine)
        async with sending(engine, FakeChannel({"other": FAILED})):
            await until(settled(engine, delivered=1, pending=1))

        async def listed(**params):
            items = (await api.get("/v1/deliveries", params=params)).json()["items"]
            return {(one["subscription_id"], one["state"]) for one in items} - {(KAFKA, "delivered")}

        assert await listed() == {(one, "delivered"), (other, "pending")}
        assert await listed(state="pending") == {(other, "pending")}
        assert await listed(subscription=one, state="pending") == set()
        assert pointers(await api.get("/v1/deliveries", params={"state": "lost"})) == ["/state"]

    async def test_pages_follow_one_another_without_gap_or_repetition(self, engine, api):
        receiver = await subscribed(engine)
        await put_down_many(engine, 7)
        await given_out(engine)
        seen, params = [], {"limit": 3}
        while True:
            page = (await api.get("/v1/deliveries", params=params)).json()
            seen += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            params["cursor"] = page["next"]
        assert sorted(seen) == sorted(row.id for row in await owed(engine, receiver))


async def test_a_database_without_tables_is_a_problem_that_says_what_to_do(database_url):
    engine = make_engine(database_url)
    async with client_of(app_over(engine)) as api:
        answers = [await api.get("/v1/milestones"), await api.post("/v1/subscriptions", json=WISH)]
    await engine.dispose()
    for answer in answers:
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "parley alerts migrate" in answer.json()["detail"]


async def test_the_documentation_describes_every_door_and_its_errors(app):
    paths = app.openapi()["paths"]
    assert set(paths) >= {"/v1/milestones", "/v1/milestones/{milestone_id}", "/v1/processes", "/v1/deliveries"}
    created = paths["/v1/subscriptions"]["post"]
    assert {"201", "401", "403", "422", "503"} <= set(created["responses"])
    assert "secret" not in app.openapi()["components"]["schemas"]["SubscriptionOut"]["properties"]
