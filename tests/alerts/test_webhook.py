"""Webhooks on real servers, verified with the official library of Standard Webhooks."""

import asyncio
import base64
import json
import socket
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from services.alerts.channels import CHANNELS, Kind, Means, OutboundMessage, Outcome
from services.alerts.channels.webhook import WebhookChannel, envelope, new_secret, secret_key, signed_headers
from shared.events import MilestoneChanged
from shared.guard import GuardedClient
from tests.builders import milestone_changed
from tests.receivers import OK, FakeResolver, closed_port, receiver

SECRET = new_secret(b"n" * 32)
OLD_SECRET = new_secret(b"o" * 24)
HAPPENED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def message(**overrides):
    defaults = {
        "id": "msg_1",
        "sequence": 7,
        "type": "parley.milestone.changed.v1",
        "timestamp": HAPPENED,
        "data": milestone_changed().model_dump_json(),
        "process": "ukraine",
        "url": "http://hook.example/",
        "secrets": (SECRET,),
    }
    return OutboundMessage(**(defaults | overrides))


def now():
    return datetime.now(UTC)


async def send(outbound, *, at=None, **client):
    async with GuardedClient(**({"allow_loopback": True} | client)) as guarded:
        return await WebhookChannel(guarded).send(outbound, at or now())


async def sent_to(answer=OK, **overrides):
    """The outcome of one message to a real receiver, and what the receiver got."""
    async with receiver(answer) as server:
        outcome = await send(message(url=server.url(), **overrides))
        return outcome, server.requests


def respond(status, *headers, body=b""):
    return "\r\n".join([f"HTTP/1.1 {status} Some", *headers, f"Content-Length: {len(body)}", "", ""]).encode() + body


class TestSignatures:
    async def test_a_receiver_verifies_what_it_gets_with_the_official_library(self):
        outcome, [(headers, body)] = await sent_to()
        assert outcome == Outcome(Kind.DELIVERED, 200, "answered 200")
        assert Webhook(SECRET).verify(body, headers)["sequence"] == 7
        assert headers[""].startswith("POST /hook ")
        assert headers["content-type"] == "application/json"
        assert headers["webhook-id"] == "msg_1"

    @pytest.mark.parametrize("known", [SECRET, OLD_SECRET])
    async def test_while_a_secret_is_rotated_the_old_and_the_new_one_verify(self, known):
        _, [(headers, body)] = await sent_to(secrets=(SECRET, OLD_SECRET))
        assert Webhook(known).verify(body, headers)["type"] == "parley.milestone.changed.v1"
        assert len(headers["webhook-signature"].split(" ")) == 2

    async def test_another_secret_does_not_verify(self):
        _, [(headers, body)] = await sent_to()
        with pytest.raises(WebhookVerificationError):
            Webhook(OLD_SECRET).verify(body, headers)

    async def test_a_changed_body_does_not_verify(self):
        _, [(headers, body)] = await sent_to()
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body.replace(b"Russia", b"Prussia"), headers)

    def test_the_signature_is_the_one_of_the_standards_own_library(self):
        moment = datetime(2026, 3, 2, 9, 31, 5, tzinfo=UTC)
        headers = signed_headers("msg_1", int(moment.timestamp()), "{“”}".encode(), [SECRET])
        assert headers["webhook-signature"] == Webhook(SECRET).sign("msg_1", moment, "{“”}")
        assert headers["webhook-timestamp"] == "1772443865"

    async def test_a_retry_is_signed_with_its_own_time_and_the_same_id(self):
        async with receiver() as server:
            long_ago = message(url=server.url(), timestamp=now() - timedelta(days=3))
            await send(long_ago, at=now() - timedelta(seconds=5))
            await send(long_ago)
            (first, body), (second, same_body) = server.requests
        assert Webhook(SECRET).verify(body, first) == Webhook(SECRET).verify(same_body, second)
        assert first["webhook-id"] == second["webhook-id"]
        assert first["webhook-timestamp"] != second["webhook-timestamp"]


class TestEnvelope:
    def test_it_holds_type_time_sequence_and_the_milestone(self):
        read = json.loads(envelope(message(timestamp=HAPPENED.astimezone(timezone(timedelta(hours=3))))))
        assert list(read) == ["type", "timestamp", "sequence", "data"]
        assert read["timestamp"] == "2026-03-02T09:30:00Z"
        assert MilestoneChanged.model_validate(read["data"]) == milestone_changed()

    @given(st.text(), st.integers(1, 2**31))
    def test_any_type_and_sequence_give_valid_json(self, kind, sequence):
        read = json.loads(envelope(message(type=kind, sequence=sequence, data='{"a": "“”"}')))
        assert (read["type"], read["sequence"], read["data"]) == (kind, sequence, {"a": "“”"})


class TestSecrets:
    @pytest.mark.parametrize("size", [24, 25, 32, 64])
    def test_a_new_secret_is_read_back_by_us_and_by_the_official_library(self, size):
        secret = new_secret(bytes(range(size)))
        assert secret_key(secret) == bytes(range(size)) == Webhook(secret)._whsecret

    @pytest.mark.parametrize("size", [0, 23, 65])
    def test_a_secret_of_the_wrong_length_is_not_made(self, size):
        with pytest.raises(ValueError, match=f"24 to 64 bytes, not {size}"):
            new_secret(bytes(size))

    def test_padding_may_be_missing(self):
        assert secret_key(new_secret(b"x" * 25).rstrip("=")) == b"x" * 25

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            SECRET.removeprefix("whsec_"),
            SECRET + "!",
            "whsec_ü" + "a" * 40,
            "whsec_" + base64.b64encode(b"x" * 65).decode(),
            "whsec_" + "a" * 33,
        ],
    )
    def test_what_is_no_secret_is_refused_and_not_repeated(self, text):
        with pytest.raises(ValueError, match="a secret is whsec_ and 24 to 64 bytes in base64") as error:
            secret_key(text)
        assert not text.removeprefix("whsec_") or text not in str(error.value)

    def test_secrets_and_url_stay_out_of_logs(self):
        shown = repr(message(url="https://hook.example/T0/s3cret"))
        assert SECRET not in shown
        assert "s3cret" not in shown

    @pytest.mark.parametrize("secrets", [(), ("whsec_broken",)])
    async def test_without_a_usable_secret_nothing_is_sent_and_the_fault_is_ours(self, secrets):
        outcome, requests = await sent_to(secrets=secrets)
        assert (outcome.kind, requests) == (Kind.OWN_FAULT, [])
        assert outcome.detail.startswith("cannot sign: ")


class TestAnswers:
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    async def test_2xx_is_delivered(self, status):
        outcome, requests = await sent_to(respond(status))
        assert (outcome.kind, outcome.status_code, len(requests)) == (Kind.DELIVERED, status, 1)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 599])
    async def test_an_error_is_a_failed_try_with_what_the_receiver_said(self, status):
        outcome, _ = await sent_to(respond(status, body="  no\r\n\x00 “luck” ".encode()))
        assert outcome == Outcome(Kind.FAILED, status, f"answered {status}: no “luck”")

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_a_redirect_is_a_failed_try_and_nobody_goes_there(self, status):
        async with receiver() as inner:
            outcome, requests = await sent_to(respond(status, f"Location: {inner.url()}"))
            assert (outcome.kind, outcome.status_code, len(requests)) == (Kind.FAILED, status, 1)
            assert inner.connections == 0

    async def test_a_receiver_that_is_gone_says_410(self):
        outcome, _ = await sent_to(respond(410))
        assert outcome == Outcome(Kind.GONE, 410, "answered 410")

    @pytest.mark.parametrize("status", [429, 503])
    async def test_a_busy_receiver_asks_for_time(self, status):
        outcome, _ = await sent_to(respond(status, "Retry-After: 30"))
        assert outcome == Outcome(Kind.FAILED, status, f"answered {status}", retry_after=30)

    async def test_a_long_speech_is_cut(self):
        outcome, _ = await sent_to(respond(500, body=b"x" * 100_000))
        assert outcome.detail == "answered 500: " + "x" * 200


class TestNoAnswer:
    async def test_a_receiver_that_never_answers_is_a_failed_try(self):
        async def silence(write, _):
            await asyncio.Event().wait()

        async with receiver(silence) as server:
            outcome = await send(message(url=server.url()), total_seconds=0.3)
        assert outcome == Outcome(Kind.FAILED, detail="127.0.0.1 did not answer within 0.3 s")

    async def test_nobody_listening_is_a_failed_try(self):
        outcome = await send(message(url=f"http://127.0.0.1:{closed_port()}/"))
        assert outcome.kind is Kind.FAILED
        assert "Connection refused" in outcome.detail

    async def test_a_forbidden_target_is_a_failed_try_without_a_connection(self):
        async with receiver() as server:
            outcome = await send(message(url=server.url()), allow_loopback=False)
            assert outcome == Outcome(Kind.FAILED, detail="the URL leads to a loopback address")
            assert server.connections == 0

    async def test_a_name_that_does_not_exist_is_a_failed_try(self):
        outcome = await send(message(), resolver=FakeResolver(socket.gaierror(socket.EAI_NONAME, "unknown")))
        assert outcome == Outcome(Kind.FAILED, detail="the host name hook.example does not exist")

    async def test_a_name_service_that_is_down_is_our_own_fault(self):
        outcome = await send(message(), resolver=FakeResolver(socket.gaierror(socket.EAI_AGAIN, "try again")))
        assert outcome == Outcome(Kind.OWN_FAULT, detail="the name service did not answer for hook.example: try again")


async def test_the_registry_makes_the_channel_that_subscriptions_call_webhook():
    async def publish(_topic, _record):
        pass

    async with receiver() as server, GuardedClient(allow_loopback=True) as client:
        channel = CHANNELS["webhook"](Means(client=client, publish=publish))
        assert (await channel.send(message(url=server.url()), now())).kind is Kind.DELIVERED
        assert server.connections == 1
