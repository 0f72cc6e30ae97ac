"""Kafka and PostgreSQL in docker-compose.yml: the versions and settings that all tests run on, and a broker that starts."""

import re
import subprocess
import time
import tomllib

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.broker import KAFKA_DIRECTORY, free_port, install, is_listening, java_command
from tests.deploy import compose

KAFKA, POSTGRES = (compose.load()["services"][name] for name in ("kafka", "postgres"))
ENVIRONMENT = {name: str(value) for name, value in KAFKA["environment"].items()}


def test_the_broker_is_set_as_the_one_that_all_tests_run_on():
    lines = (KAFKA_DIRECTORY / "server.properties").read_text().splitlines()
    local = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    given = {name.removeprefix("KAFKA_").lower().replace("_", "."): value for name, value in ENVIRONMENT.items()}
    assert local.items() <= given.items()


def test_kafka_is_the_version_that_all_tests_run_on():
    coordinates = tomllib.loads((KAFKA_DIRECTORY / "jgo.toml").read_text())["dependencies"]["coordinates"]
    assert KAFKA["image"] == f"apache/kafka:{coordinates[0].rsplit(':', 1)[1]}"


async def test_postgresql_is_the_major_version_that_these_tests_run_on(postgres_url):
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    major = connection.get_server_version().major
    await connection.close()
    assert POSTGRES["image"].startswith(f"postgres:{major}.")


def on_loopback(value, ports):
    """The same addresses, on this machine and on free ports."""
    value = re.sub("(//|@)(kafka)?:", r"\g<1>127.0.0.1:", value)
    return re.sub("909[23]", lambda port: str(ports[port[0]]), value)


@pytest.fixture
def broker(tmp_path):
    """A real broker, prepared by the start code of the image, which is in Kafka's own jar; gives its port."""
    install()
    ports = {"9092": free_port(), "9093": free_port()}
    environment = {name: on_loopback(value, ports) for name, value in ENVIRONMENT.items()}
    environment["KAFKA_LOG_DIRS"] = str(tmp_path / "log")
    for name in ("default", "mounted", "final"):
        (tmp_path / name).mkdir()
    arguments = [
        part for name in ("default", "mounted", "final") for part in (f"--{name}-configs-dir", tmp_path / name)
    ]
    setup = java_command("kafka.docker.KafkaDockerWrapper", "setup", *map(str, arguments))
    done = subprocess.run(setup, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    output = tmp_path / "output"
    with output.open("w") as log:
        command = java_command("kafka.Kafka", str(tmp_path / "final" / "server.properties"))
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not is_listening(ports["9092"]):
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.1)
        yield ports["9092"]
    finally:
        process.terminate()
        process.wait(30)


async def test_a_real_kafka_starts_from_this_environment_by_the_start_code_of_the_image(broker):
    admin = AIOKafkaAdminClient(bootstrap_servers=f"127.0.0.1:{broker}")
    await admin.start()
    cluster = await admin.describe_cluster()
    await admin.close()
    assert [one["port"] for one in cluster["brokers"]] == [broker]
    assert cluster["cluster_id"] == ENVIRONMENT["CLUSTER_ID"]
