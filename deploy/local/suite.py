"""The three services as processes of their own, for tests and benchmarks; ``run.py`` starts the same for people."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self
from urllib.error import HTTPError, URLError

from aiokafka import AIOKafkaConsumer

from deploy.local.broker import free_port
from shared.admin import partitions
from shared.cluster import Cluster
from shared.keys import SCOPES, hashed, new_key
from shared.topics import CLASSIFIED, MEETINGS, NEWS

ROOT: Final = Path(__file__).resolve().parents[2]
SERVICES: Final = ("ingest", "classify", "alerts")
READY_SECONDS: Final = 60
STOP_SECONDS: Final = 40


class SuiteError(Exception):
    """A service did not become ready, or refused a call; the message has its last words."""


def environment(var: Path, bootstrap: str, ports: Mapping[str, int], key: str) -> dict[str, str]:
    """What every process of a local run is told.

    Args:
        var: the data directory.
        bootstrap: the Kafka cluster.
        ports: of the services by name.
        key: an API key that may do everything.

    """
    return {
        "PARLEY_PROFILE": "local",
        "PARLEY_VAR": str(var),
        "KAFKA_BOOTSTRAP": bootstrap,
        "PARLEY_API_KEYS": str(hashed("local", SCOPES, key)),
        "PARLEY_API_KEY": key,
        "PARLEY_INGEST_URL": f"http://127.0.0.1:{ports['ingest']}",
        "PARLEY_ALERTS_URL": f"http://127.0.0.1:{ports['alerts']}",
        **{f"PARLEY_{name.upper()}_PORT": str(port) for name, port in ports.items()},
    }


def not_ready(url: str) -> str | None:
    """``None`` where a service at this base URL says that it is ready, else its reasons."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310 - our own loopback URL
            return None
    except HTTPError as error:
        return str(json.load(error).get("failing", error))
    except (URLError, OSError, ValueError):
        return "does not answer yet"


def call(method: str, url: str, key: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    """One HTTP call with an API key; the answer's JSON, or ``None`` where it has no body.

    Raises:
        SuiteError: with status and body of an answer that is no success.

    """
    request = urllib.request.Request(  # noqa: S310 - our own loopback URL
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            return json.loads(answer.read() or b"null")
    except HTTPError as error:
        raise SuiteError(f"{method} {url} was answered {error.code}: {error.read().decode()[:500]}") from error


async def behind(bootstrap: str) -> dict[str, int]:
    """Records that each consuming service has not settled yet, by the broker's own account."""
    left = {}
    for service, topics in {"classify": (NEWS, MEETINGS), "alerts": (CLASSIFIED,)}.items():
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=f"parley.{service}", enable_auto_commit=False)
        await consumer.start()
        try:
            found = await partitions(Cluster(bootstrap), [topic.name for topic in topics])
            at = [one for every in found.values() for one in every]
            ends = await consumer.end_offsets(at)
            left[service] = sum([ends[one] - (await consumer.committed(one) or 0) for one in at])
        finally:
            await consumer.stop()
    return left


class Service:
    """One service as a process that can be killed and started again."""

    def __init__(self, name: str, settings: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{settings[f'PARLEY_{name.upper()}_PORT']}"
        self.log = log
        self._settings = dict(settings)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; see ``wait_until_ready``."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", f"services.{self.name}"],
                cwd=ROOT,
                env={**os.environ, **self._settings},
                stdout=output,
                stderr=output,
            )

    def wait_until_ready(self) -> None:
        """Wait for its own word.

        Raises:
            SuiteError: it ended, or was not ready in time.

        """
        deadline = time.monotonic() + READY_SECONDS
        while (reason := not_ready(self.url)) is not None:
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                words = self.log.read_text(errors="replace")[-1500:]
                raise SuiteError(f"{self.name} {'ended' if ended else reason}: {words}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at this instant (SIGKILL)."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int | None:
        """Ask it to finish what it holds; its exit status."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return None


class Suite:
    """All services on one broker, with ports, keys and a data directory of their own.

    Args:
        directory: for data and logs.
        bootstrap: a running broker.
        database_url: PostgreSQL for both services that keep something; ``None``: SQLite in the directory.
        more: further settings, of the cluster for instance.

    """

    def __init__(
        self, directory: Path, bootstrap: str, database_url: str | None = None, more: Mapping[str, str] | None = None
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.key = new_key(secrets.token_bytes(32))
        ports = {name: free_port() for name in SERVICES}
        self.settings = {**environment(directory, bootstrap, ports, self.key), **(more or {})}
        if database_url is not None:
            self.settings["DATABASE_URL"] = database_url
        self.services = {name: Service(name, self.settings, directory / f"{name}.log") for name in SERVICES}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one ``parley`` command with the suite's settings."""
        return subprocess.run(
            [str(Path(sys.executable).parent / "parley"), *arguments],
            env={**os.environ, **self.settings},
            capture_output=True,
            text=True,
            check=False,
        )

    def call(self, service: str, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Call one service's API."""
        return call(method, self.services[service].url + path, self.key, body)

    def start(self) -> None:
        """Migrate, start all, wait until all are ready."""
        for service in ("ingest", "alerts"):
            done = self.run(service, "migrate")
            if done.returncode:
                raise SuiteError(f"parley {service} migrate: {done.stderr}")
        for one in self.services.values():
            one.start()
        for one in self.services.values():
            one.wait_until_ready()

    def stop(self) -> dict[str, int | None]:
        """Stop all; their exit statuses."""
        return {name: one.stop() for name, one in self.services.items()}

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
