"""``make run`` as a newcomer meets it: start, post the printed line, see the webhook, stop, start again."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from deploy.local.broker import free_port
from deploy.local.run import PORTS

PATIENCE = 90


class Run:
    """One local run on ports of its own; what it prints goes into a file."""

    def __init__(self, var, ports, output):
        self.output = output
        environment = {**os.environ, "PARLEY_VAR": str(var), "PYTHONUNBUFFERED": "1"}
        environment |= {f"PARLEY_{name.upper()}_PORT": str(port) for name, port in ports.items()}
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local.run"], env=environment, stdout=file, stderr=file
            )

    def printed(self):
        return self.output.read_text()

    def until(self, words):
        deadline = time.monotonic() + PATIENCE
        while words not in self.printed():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() < deadline, self.printed()
            time.sleep(0.1)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@pytest.fixture
def ports():
    return {name: free_port() for name in PORTS}


@pytest.fixture
def running(tmp_path, ports):
    started = []

    def start():
        started.append(Run(tmp_path / "var", ports, tmp_path / f"output-{len(started)}"))
        return started[-1]

    yield start
    for run in started:
        if run.process.poll() is None:
            run.interrupt()


def paste(printed, **changes):
    """Do what the printed curl line would; the bare machine that tests run on may have no curl."""
    line = re.search(r"curl -sS .*?(?=\n\n)", printed, re.DOTALL)[0]
    said = subprocess.run(
        ["bash", "-c", "curl() { printf '%s\\0' \"$@\"; }\n" + line], capture_output=True, text=True, check=True
    ).stdout.split("\0")
    headers = dict(said[at + 1].split(": ", 1) for at, word in enumerate(said) if word == "-H")
    body = said[said.index("-d") + 1]
    for before, after in changes.items():
        body = body.replace(before, after)
    request = urllib.request.Request(said[1], data=body.encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 202


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.timeout(300)
def test_the_printed_line_becomes_a_verified_webhook_and_the_next_run_goes_on(running, ports, tmp_path):
    first = running()
    first.until("Ctrl-C stops everything")
    paste(first.printed())
    first.until("VERIFIED Ukraine: Ceasefire agreed, reported")
    assert first.interrupt() == 0
    assert "Traceback" not in first.printed()
    assert not [name for name, port in ports.items() if is_open(port)]
    log = (tmp_path / "var" / "log" / "supervisord.log").read_text()
    stopped = re.findall(r"stopped: (\w+)", log)
    assert stopped.index("kafka") > max(stopped.index(name) for name in ("ingest", "classify", "alerts"))

    second = running()
    second.until("Ctrl-C stops everything")
    paste(second.printed())  # the same text: nothing new
    paste(second.printed(), **{"herald.example": "gazette.example"})  # a copy by another paper: no second origin
    paste(  # another paper's own words
        second.printed(),
        **{
            "herald.example": "courier.example",
            "Ukraine and Russia sign ceasefire": "Kyiv and Moscow agree ceasefire",
            "Ukraine and Russia signed a ceasefire on Monday": "A ceasefire between Ukraine and Russia has taken effect",
        },
    )
    second.until("VERIFIED Ukraine: Ceasefire agreed, confirmed (revision 2, 3 sources)")
    assert second.interrupt() == 0


def test_a_busy_port_is_one_clear_sentence(running, ports):
    with socket.create_server(("127.0.0.1", ports["alerts"])):
        run = running()
        assert run.process.wait(PATIENCE) == 1
    assert run.printed() == (
        f"make run: port {ports['alerts']} (alerts) is in use; stop what listens there, or choose another: "
        f"PARLEY_ALERTS_PORT={ports['alerts'] + 1000} make run\n"
    )
