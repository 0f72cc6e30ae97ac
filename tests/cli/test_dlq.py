"""`parley dlq` on a real broker: what an operator types, sees, and sends again."""

import asyncio
import json
from datetime import timedelta

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from typer.testing import CliRunner

from services.cli.main import app
from shared.admin import ensure_topics
from shared.clock import utc_now
from shared.cluster import Cluster
from shared.deadletters import dead_letter
from shared.events import NewsPublished
from shared.topics import Topic
from tests.builders import NOW
from tests.poisoned import Poisoned, good

RED = "\x1b[31m"


class Terminal(Poisoned):
    """A service with dead letters, and somebody at a terminal."""

    async def run(self, command, *arguments, answer=None):
        """What `parley dlq COMMAND SERVICE …` says; in a thread, since a command runs a loop of its own."""
        typed = ["dlq", command, self.service, *arguments]
        environment = {"KAFKA_BOOTSTRAP": self.bootstrap, "COLUMNS": "250"}
        return await asyncio.to_thread(CliRunner().invoke, app, typed, input=answer, env=environment)

    async def listed(self, *arguments):
        result = await self.run("list", "--format", "json", *arguments)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    async def offsets(self, *arguments):
        return [letter["offset"] for letter in await self.listed(*arguments)]

    async def keep(self, record, offset, *, error="broken_json", topic=None, now=NOW):
        """Put a letter of the record into the dead letters, as the consumer would."""
        key, value, headers = record
        consumed = Consumed(topic or self.topic.name, offset, key, value, headers)
        letter = dead_letter(consumed, error=error, detail="value: not JSON", attempts=3, now=now)
        await self.put((letter.key, letter.value, letter.headers), topic=self.letters.name)

    def at(self, offset):
        return f"{self.topic.name}/0/{offset}"


class Consumed:
    def __init__(self, topic, offset, key, value, headers):
        self.topic, self.partition, self.offset = topic, 0, offset
        self.key, self.value, self.headers = key, value, headers


@pytest.fixture
async def terminal(kafka):
    terminal = Terminal(kafka.bootstrap)
    terminal.topic = Topic(f"parley.{terminal.service}.v1", "article", NewsPublished, partitions=1)
    await ensure_topics(Cluster(kafka.bootstrap), [terminal.topic, terminal.letters])
    await terminal.raw.start()
    yield terminal
    await terminal.raw.stop()
    await terminal.producer.stop()


async def test_list_says_what_failed_where_why_and_how_often(terminal):
    await terminal.keep((b"k", b"{", ()), 4)
    assert await terminal.listed() == [
        {
            "position": terminal.at(4),
            "topic": terminal.topic.name,
            "partition": 0,
            "offset": 4,
            "key": "k",
            "error": "broken_json",
            "detail": "value: not JSON",
            "time": "2026-03-02T09:31:05+00:00",
            "attempts": 3,
            "redriven": 0,
            "bytes": 1,
            "settled": None,
            "settled_at": None,
        }
    ]
    table = (await terminal.run("list")).stdout
    for words in (terminal.at(4), "broken_json", "value: not JSON", "2026-03-02 09:31:05", "waits"):
        assert words in table


async def test_list_of_nothing_is_an_empty_table(terminal):
    result = await terminal.run("list")
    assert (result.exit_code, await terminal.listed()) == (0, [])
    assert "topic/partition/offset" in result.stdout


async def test_list_filters_by_error_topic_and_time(terminal):
    await terminal.keep(good("a"), 1)
    await terminal.keep(good("b"), 2, error="ValueError", now=NOW + timedelta(hours=1))
    await terminal.keep(good("c"), 3, topic="other.v1", now=utc_now())
    assert await terminal.offsets() == [1, 2, 3]
    assert await terminal.offsets("--error", "ValueError") == [2]
    assert await terminal.offsets("--topic", "other.v1") == [3]
    assert await terminal.offsets("--topic", terminal.service) == [1, 2]
    assert await terminal.offsets("--since", "2026-03-02T10:00") == [2, 3]
    assert await terminal.offsets("--since", "2026-03-02T10:31:05+00:00", "--error", "ValueError") == [2]
    assert await terminal.offsets("--since", "2h") == [3]


async def test_a_letter_written_twice_is_listed_and_sent_once(terminal):
    await terminal.keep(good("a"), 1)
    await terminal.keep(good("a"), 1, now=NOW + timedelta(minutes=1))
    assert await terminal.offsets() == [1]
    assert "sent 1, refused 0" in (await terminal.run("redrive", "--yes")).stdout
    assert len(await terminal.records(terminal.topic.name)) == 1


async def test_records_that_are_no_letters_are_left_out_and_counted(terminal):
    await terminal.put((b"?", b"?", ()), topic=terminal.letters.name)
    await terminal.keep(good("a"), 1)
    result = await terminal.run("list", "--format", "json")
    assert len(result.stdout.splitlines()) == 1
    assert "1 records of the topic are no dead letters" in result.stderr


async def test_show_prints_json_indented_and_headers_decoded(terminal):
    await terminal.keep((b"k", '{"title":"Мир"}'.encode(), [("ce_id", b"n1"), ("gone", None), ("raw", b"\xff")]), 1)
    shown = (await terminal.run("show", terminal.at(1))).stdout
    for words in (
        '  "title": "Мир"',
        "ce_id             n1",
        "gone              null",
        "raw               \\xff",
        "attempts",
    ):
        assert words in shown


async def test_show_prints_other_bytes_in_hexadecimal(terminal):
    await terminal.keep((b"k", b'{"title": "cut off\x00', ()), 1)
    shown = (await terminal.run("show", terminal.at(1))).stdout
    assert '00000000  7b 22 74 69 74 6c 65 22 3a 20 22 63 75 74 20 6f  {"title": "cut o' in shown
    assert "00000010  66 66 00                                         ff." in shown


async def test_show_says_a_tombstone_is_one(terminal):
    await terminal.keep((b"k", None, ()), 1)
    assert "null (a tombstone)" in (await terminal.run("show", terminal.at(1))).stdout


async def test_what_strangers_wrote_cannot_paint_the_terminal(terminal):
    await terminal.keep((RED.encode(), json.dumps({"a": RED}).encode(), [("h", RED.encode())]), 1, error=RED)
    for result in (await terminal.run("list"), await terminal.run("show", terminal.at(1))):
        assert result.exit_code == 0
        assert "\x1b" not in result.stdout


async def test_show_says_where_a_withheld_original_lies(terminal):
    await terminal.keep((b"k", b"x" * 5 * 1024 * 1024, ()), 1)
    shown = (await terminal.run("show", terminal.at(1))).stdout
    assert "5242880" in shown
    assert f"it lies at {terminal.at(1)}" in shown


async def test_redrive_sends_the_original_byte_for_byte_and_hides_the_letter(terminal):
    record = (None, b"\x00\xff", (("a", b"\xff"), ("a", None), ("b", b"")))
    await terminal.keep(record, 1)
    await terminal.keep((b"gone", None, ()), 2)
    result = await terminal.run("redrive", "--yes")
    assert (result.exit_code, result.stdout) == (0, "sent 2, refused 0\n")
    first, second = await terminal.records(terminal.topic.name)
    assert (first.key, first.value, first.headers) == (*record[:2], (*record[2], ("dl_redriven", b"1")))
    assert (second.key, second.value) == (b"gone", None)
    assert await terminal.listed() == []
    assert {(one["offset"], one["settled"]) for one in await terminal.listed("--all")} == {
        (1, "redriven"),
        (2, "redriven"),
    }


async def test_a_second_redrive_sends_nothing_twice(terminal):
    await terminal.keep(good("a"), 1)
    await terminal.run("redrive", "--yes")
    assert (await terminal.run("redrive", "--yes")).stdout == "sent 0, refused 0\n"
    named = await terminal.run("redrive", "--yes", "--position", terminal.at(1))
    assert named.exit_code == 1
    assert f"{terminal.at(1)} is not sent: it was redriven at" in named.stderr
    assert len(await terminal.records(terminal.topic.name)) == 1


async def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(terminal):
    await terminal.keep(good("a"), 1)
    result = await terminal.run("redrive", "--dry-run")
    assert terminal.at(1) in result.stdout
    assert "would send 1, refused 0" in result.stdout
    assert await terminal.records(terminal.topic.name) == []
    assert await terminal.offsets() == [1]


async def test_redrive_takes_filters_and_a_maximum_oldest_first(terminal):
    for offset in (1, 2, 3, 4):
        error = "ValueError" if offset < 4 else "KeyError"
        await terminal.keep(good(f"n{offset}"), offset, error=error, now=NOW + timedelta(seconds=offset))
    await terminal.run("redrive", "--yes", "--error", "ValueError", "--max", "2")
    assert await terminal.offsets() == [3, 4]
    await terminal.run("redrive", "--yes", "--position", terminal.at(4))
    assert await terminal.offsets() == [3]
    sent = [dict(record.headers)["ce_id"] for record in await terminal.records(terminal.topic.name)]
    assert sent == [b"n1", b"n2", b"n4"]


async def test_redrive_asks_first_and_takes_no_for_an_answer(terminal):
    await terminal.keep(good("a"), 1)
    no = await terminal.run("redrive", answer="n\n")
    assert f"Send 1 of {terminal.topic.name} again?" in no.stderr
    assert no.exit_code == 1
    assert await terminal.offsets() == [1]
    yes = await terminal.run("redrive", answer="y\n")
    assert yes.stdout.endswith("sent 1, refused 0\n")


async def test_what_came_back_three_times_is_refused_unless_forced(terminal):
    await terminal.keep((b"k", b"{", (("dl_redriven", b"3"),)), 1)
    result = await terminal.run("redrive", "--yes")
    assert (result.exit_code, result.stdout) == (1, "sent 0, refused 1\n")
    assert "--force" in result.stderr
    assert (await terminal.run("redrive", "--yes", "--force")).stdout == "sent 1, refused 0\n"
    (sent,) = await terminal.records(terminal.topic.name)
    assert sent.headers == (("dl_redriven", b"4"),)


async def test_a_letter_whose_topic_is_gone_is_refused_and_stays(terminal):
    await terminal.keep(good("a"), 1, topic="no.such.topic")
    result = await terminal.run("redrive", "--yes")
    assert result.exit_code == 1
    assert "the cluster has no topic no.such.topic" in result.stderr
    assert await terminal.offsets() == [1]


async def test_discard_wants_to_know_which_and_gives_those_up_for_good(terminal):
    await terminal.keep(good("a"), 1)
    await terminal.keep(good("b"), 2, error="KeyError")
    assert (await terminal.run("discard", "--yes")).exit_code == 2
    assert (await terminal.run("discard", "--yes", "--error", "KeyError")).stdout == "discarded 1\n"
    assert await terminal.offsets() == [1]
    assert (await terminal.run("redrive", "--yes")).stdout == "sent 1, refused 0\n"
    assert [one["settled"] for one in await terminal.listed("--all")] == ["redriven", "discarded"]


async def test_no_command_joins_a_group(terminal):
    await terminal.keep(good("a"), 1)
    await terminal.run("list")
    await terminal.run("redrive", "--yes")
    at = TopicPartition(terminal.letters.name, 0)
    async with AIOKafkaConsumer(bootstrap_servers=terminal.bootstrap, group_id=f"parley.{terminal.service}") as group:
        assert await group.committed(at) is None


@pytest.mark.parametrize("command", ["show", "redrive"])
async def test_a_position_that_no_letter_has_is_named(terminal, command):
    typed = ["nowhere/0/1"] if command == "show" else ["--position", "nowhere/0/1"]
    result = await terminal.run(command, *typed)
    assert (result.exit_code, result.stderr) == (2, "there is no letter nowhere/0/1; `parley dlq list` names them\n")


async def test_a_service_without_dead_letters_is_named(terminal):
    terminal.service = "nobody"
    result = await terminal.run("list")
    assert result.exit_code == 2
    assert "the cluster has no topic parley.nobody.dlq.v1" in result.stderr


async def test_a_cluster_that_does_not_answer_is_named(terminal):
    terminal.bootstrap = "127.0.0.1:1"
    result = await terminal.run("list")
    assert result.exit_code == 2
    assert result.stderr.startswith("Kafka at 127.0.0.1:1 does not answer")


async def test_a_time_that_is_none_is_refused_with_what_would_be_one(terminal):
    result = await terminal.run("list", "--since", "yesterday")
    assert result.exit_code == 2
    assert "30m, 2h or 7d" in result.stderr
