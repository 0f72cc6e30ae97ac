"""TLS and users, on a real broker with a listener for each: records pass, and what does not fit is named."""

import asyncio
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from shared.admin import ensure_topics
from shared.cluster import Cluster
from shared.kafka import BrokerUnavailableError, Producer
from shared.redrive import open_mailbox
from shared.topics import dead_letters
from tests.certificates import Authority
from tests.secured import LISTENERS, PASSWORD
from tests.shared.test_consumer import Bench


class Room(Bench):
    """A service on a cluster that is reached in some way."""

    def __init__(self, cluster):
        super().__init__(cluster.bootstrap)
        self.cluster = cluster
        self.letters = dead_letters(self.service)
        self.producer = Producer(cluster, self.service)


@pytest.fixture
async def make_room():
    rooms = []

    def make(cluster):
        rooms.append(Room(cluster))
        return rooms[-1]

    yield make
    for room in rooms:
        await room.producer.stop()


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """An authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("stranger") / "pem")


@pytest.mark.parametrize("listener", LISTENERS)
async def test_records_pass_over_each_kind_of_listener(secured, make_room, listener):
    room = make_room(secured.at(listener))
    await ensure_topics(room.cluster, [room.topic, room.letters])
    async with room.consuming() as consumer:
        await room.send("one", "two")
        await room.send_raw(b"not json", [])
        await room.until(lambda: room.handled == ["one", "two"])
        assert await consumer.probe() is None
        assert await room.producer.probe() is None
        async with open_mailbox(room.cluster, room.service) as box:
            while not (letters := (await box.letters()).by_position):
                pass
    assert [letter.error for letter in letters.values()] == ["missing_header"]


def misfits(secured, stranger):
    """A cluster that cannot be reached so, and what is said of it."""
    tls, mutual, scram, plain = (secured.at(name) for name in ("TLS", "MUTUAL", "SCRAM", "PLAIN"))
    return {
        "wrong password, SCRAM": (secured.at("SCRAM", password="x"), "refuses the user 'parley' or the password"),
        "wrong password, PLAIN": (secured.at("PLAIN", password="x"), "refuses the user 'parley' or the password"),
        "unknown user": (secured.at("SCRAM", username="nobody"), "refuses the user 'nobody' or the password"),
        "a mechanism that is not offered": (replace(plain, mechanism="SCRAM-SHA-256"), "does not take SCRAM-SHA-256"),
        "an authority we do not know": (replace(tls, cafile=stranger.pem), "not trusted (self-signed certificate"),
        "the authorities of the system": (replace(tls, cafile=None), "see KAFKA_SSL_CAFILE"),
        "a name that is not in the certificate": (
            replace(tls, bootstrap=tls.bootstrap.replace("127.0.0.1", "localhost")),
            "not trusted (Hostname mismatch",
        ),
        "no certificate of ours": (replace(mutual, certfile=None), "want a certificate from us (KAFKA_SSL_CERTFILE)?"),
        "plain to TLS": (Cluster(tls.bootstrap), "does KAFKA_SECURITY_PROTOCOL=PLAINTEXT fit this port?"),
        "plain to SASL": (Cluster(plain.bootstrap), "does KAFKA_SECURITY_PROTOCOL=PLAINTEXT fit this port?"),
        "TLS to plain": (replace(tls, bootstrap=secured.bootstrap), "does KAFKA_SECURITY_PROTOCOL=SSL fit this port"),
        "a user where none is asked for": (replace(scram, bootstrap=tls.bootstrap), "asks for no user"),
        "a user who may do nothing": (secured.at("SCRAM", username="guest"), "does not let the user 'guest' do"),
    }


async def test_what_does_not_fit_is_named_by_the_probe(secured, stranger):
    said = {}
    cases = misfits(secured, stranger)
    for name, (cluster, _) in cases.items():
        producer = Producer(cluster, "misfit")
        said[name] = await producer.probe()
        await producer.stop()
    assert {name: sentence for name, (_, sentence) in cases.items() if sentence not in said[name]} == {}, said
    assert all(cluster.bootstrap in said[name] for name, (cluster, _) in cases.items())


async def test_a_consumer_with_a_wrong_password_is_up_not_ready_and_tries_again(secured, make_room):
    room = make_room(secured.at("SCRAM", password="three-loud-rivers"))
    with capture_logs() as logs:
        async with room.consuming() as consumer:
            await room.until(lambda: sum(line["event"] == "kafka.waiting" for line in logs) >= 3)
            assert "refuses the user 'parley'" in await consumer.probe()
    assert "refuses the user 'parley'" in logs[0]["reason"]
    assert "three-loud-rivers" not in str(logs)


async def test_publishing_with_a_wrong_password_is_an_outage_and_not_a_crash(secured, make_room):
    room = make_room(secured.at("PLAIN", password="x"))
    with pytest.raises(BrokerUnavailableError):
        await room.send("one")


async def test_a_file_of_authorities_that_was_replaced_is_read_again(secured, stranger, tmp_path):
    cafile = tmp_path / "authority.pem"
    shutil.copy(stranger.pem, cafile)
    producer = Producer(replace(secured.at("TLS"), cafile=cafile), "renewed")
    assert "not trusted" in await producer.probe()
    shutil.copy(secured.authority.pem, cafile)
    assert await producer.probe() is None
    await producer.stop()


def test_a_password_is_in_no_text_of_the_cluster(secured):
    cluster = secured.at("SCRAM")
    assert PASSWORD not in f"{cluster} {cluster!r}"
    assert cluster.password == SecretStr(PASSWORD)


VERBOSE = """
import asyncio
from shared.kafka import Producer
from shared.observability import configure_logging
from shared.settings import ServiceSettings, load

async def main():
    settings = load(ServiceSettings)
    configure_logging("verbose", form="console", level=settings.log_level)
    producer = Producer(settings.cluster, "verbose")
    print("probe:", await producer.probe(), settings)
    await producer.stop()

asyncio.run(main())
"""


@pytest.mark.parametrize(("password", "said"), [(PASSWORD, "probe: None"), (f"{PASSWORD}s", "refuses the user")])
def test_with_the_settings_of_the_environment_a_process_gets_in_and_writes_no_password(secured, password, said):
    environment = secured.environment("PLAIN") | {"KAFKA_SASL_PASSWORD": password, "PARLEY_LOG_LEVEL": "debug"}
    done = subprocess.run(
        [sys.executable, "-c", VERBOSE], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    assert said in done.stdout
    assert PASSWORD not in done.stdout + done.stderr


async def test_a_start_that_is_stopped_while_it_waits_ends_at_once(secured, make_room):
    room = make_room(secured.at("SCRAM", password="x"))
    async with asyncio.timeout(30), room.consuming():
        pass
    assert room.handled == []
