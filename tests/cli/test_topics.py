"""``parley topics`` and ``parley`` itself, on a real broker."""

import json

import pytest
from typer.testing import CliRunner

from deploy.local.broker import LocalBroker
from services.cli.main import COMMANDS, app
from shared.admin import ensure_topics
from shared.cloudevents import KafkaMessage, encode
from shared.cluster import Cluster
from shared.kafka import Producer
from shared.topics import CLASSIFIED, CLASSIFY_DLQ, MILESTONES, NEWS, TOPICS
from tests.builders import classified, cloud_event, milestone_changed, news, signal

runner = CliRunner()


@pytest.fixture(scope="module")
async def filled(tmp_path_factory):
    """A broker with one record in each topic that people look into, and one that cannot be read."""
    with LocalBroker(tmp_path_factory.mktemp("kafka")) as broker:
        await ensure_topics(Cluster(broker.bootstrap), TOPICS.values())
        await fill(broker.bootstrap)
        yield broker


async def fill(bootstrap):
    producer = Producer(Cluster(bootstrap), "test")
    await producer.publish(
        [
            (NEWS, encode(cloud_event(news(title="A readable title"), id="readable"))),
            (NEWS, KafkaMessage(b"k", b"{", (("ce_id", b"x"),))),
            (CLASSIFIED, encode(cloud_event(classified(signal("ceasefire_agreed", "prospective"))))),
            (MILESTONES, encode(cloud_event(milestone_changed()))),
            (CLASSIFY_DLQ, KafkaMessage(b"parley.news.v1/0/7", b"{", (("dl_error", b"broken_json"),))),
        ]
    )
    await producer.stop()


@pytest.fixture
def run(monkeypatch, filled):
    monkeypatch.setenv("KAFKA_BOOTSTRAP", filled.bootstrap)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: runner.invoke(app, ["topics", *arguments])


# the command runs an event loop of its own, so these tests have none
def test_list_shows_every_topic_with_what_it_holds(run):
    shown = run("list")
    assert shown.exit_code == 0
    rows = {line.split()[0]: line.split()[-2:] for line in shown.output.splitlines() if "parley." in line}
    partitions, records = rows["parley.milestones.v1"]
    assert (partitions, records) == ("3", "1")
    assert "parley.classify.dlq.v1" in shown.output


def test_tail_shows_records_decoded_and_the_unreadable_with_its_reason(run):
    shown = run("tail", "news", "--from-start", "--no-follow")
    assert shown.exit_code == 0
    assert "A readable title" in shown.output
    assert "cannot be decoded" in shown.output
    assert "missing_header" in shown.output


def test_tail_as_json_is_one_object_a_line(run):
    shown = run("tail", "parley.news.v1", "-a", "--no-follow", "--format", "json")
    lines = [json.loads(line) for line in shown.output.splitlines()]
    assert [line["data"]["title"] for line in lines if line.get("id") == "readable"][:1] == ["A readable title"]
    assert {line["error"] for line in lines if "error" in line} == {"missing_header"}


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("classified", "ceasefire_agreed: prospective"),
        ("milestones", "Ceasefire agreed: reported"),
        ("classify.dlq", "broken_json from parley.news.v1/0/7"),
    ],
)
def test_each_kind_of_record_is_summed_up_in_a_line(run, topic, words):
    assert words in run("tail", topic, "-a", "--no-follow").output


def test_tail_can_stop_after_so_many(run):
    shown = run("tail", "news", "-a", "-n", "1", "--format", "json")
    assert len(shown.output.splitlines()) == 1


def test_an_unknown_topic_is_refused_with_those_that_are_known(run):
    shown = run("tail", "gossip")
    assert shown.exit_code == 2
    assert "parley.news.v1" in shown.output


def test_without_a_broker_it_says_what_to_do(monkeypatch):
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "127.0.0.1:1")
    shown = runner.invoke(app, ["topics", "list"])
    assert shown.exit_code == 2
    assert "start it with `make run`" in shown.output


def test_help_names_every_command_and_imports_none():
    shown = runner.invoke(app, ["--help"])
    assert shown.exit_code == 0
    assert all(name in shown.output for name in COMMANDS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_teaches_itself(name):
    shown = runner.invoke(app, [name, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output
