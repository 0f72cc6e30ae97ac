"""``make run``: the whole suite on this machine. Kafka, topics, databases, three services, a sample receiver.

supervisor keeps the processes alive and stops the services before the broker. Everything that must survive is under
the data directory, so the next run goes on where this one stopped.
"""

import asyncio
import fcntl
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from deploy.local.broker import BrokerError, install, is_listening, java_command, prepare
from deploy.local.suite import ROOT, SERVICES, SuiteError, call, environment, not_ready
from shared.database import make_engine, migrate
from shared.keys import new_key
from shared.settings import DatabaseSettings, SettingsError, data_directory, load

READY_SECONDS: Final = 90
STOP_SECONDS: Final = 90
PORTS: Final = {"kafka": 9092, "controller": 9093, "ingest": 8081, "classify": 8082, "alerts": 8083, "receiver": 8084}


class StartError(Exception):
    """The suite cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Plan:
    """What this run is made of."""

    var: Path
    ports: Mapping[str, int]
    bootstrap: str
    own_broker: bool
    key: str
    secret: str

    def url(self, service: str) -> str:
        """Where a service listens."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def environment(self) -> dict[str, str]:
        """What every process of the run is told, and what commands typed beside it find in ``parley.env``."""
        return environment(self.var, self.bootstrap, self.ports, self.key)


def plan() -> Plan:
    """Read ports and keys, making what is missing, and check that nothing stands in the way."""
    var = data_directory().resolve()
    (var / "log").mkdir(parents=True, exist_ok=True)
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP")
    names = [name for name in PORTS if not (bootstrap and name in {"kafka", "controller"})]
    ports = {name: _port(name) for name in names}
    for name, port in ports.items():
        if is_listening(port):
            raise StartError(
                f"port {port} ({name}) is in use; stop what listens there, or choose another: "
                f"PARLEY_{name.upper()}_PORT={port + 1000} make run"
            )
    return Plan(
        var=var,
        ports=ports,
        bootstrap=bootstrap or f"127.0.0.1:{ports['kafka']}",
        own_broker=bootstrap is None,
        key=_kept(var / "api.key", lambda: new_key(secrets.token_bytes(32))),
        secret=_kept(var / "receiver.secret", lambda: "whsec_" + b64encode(secrets.token_bytes(32)).decode()),
    )


def _port(name: str) -> int:
    variable = f"PARLEY_{name.upper()}_PORT"
    text = os.environ.get(variable, str(PORTS[name]))
    if not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise StartError(f"{variable} is {text!r}, expected a port between 1 and 65535")
    return int(text)


def _kept(path: Path, make: Callable[[], str]) -> str:
    """A secret that stays the same from run to run, readable by its owner only."""
    if not path.exists():
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:  # noqa: PTH123 - mode from the first moment
            file.write(make() + "\n")
    return path.read_text().strip()


def write_supervisor(plan: Plan) -> Path:
    """Write supervisor's configuration: lower priorities start first and stop last."""
    python = shlex.quote(sys.executable)
    programs = {name: (f"{python} -m services.{name}", 20) for name in SERVICES}
    programs["receiver"] = (f"{python} -m deploy.local.receiver", 10)
    if plan.own_broker:
        properties = prepare(plan.var / "kafka", plan.ports["kafka"], plan.ports["controller"])
        programs["kafka"] = (shlex.join(java_command("kafka.Kafka", str(properties))), 1)
    lines = [
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        f"logfile={plan.var}/log/supervisord.log",
        f"pidfile={plan.var}/supervisord.pid",
    ]
    for name, (command, priority) in programs.items():
        lines += [
            f"[program:{name}]",
            f"command={command.replace('%', '%%')}",
            f"directory={ROOT}",
            f"priority={priority}",
            "startsecs=2",
            "startretries=10",
            "stopwaitsecs=35",
            "redirect_stderr=true",
            f"stdout_logfile={plan.var}/log/{name}.log",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=2",
        ]
    path = plan.var / "supervisord.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


async def migrate_databases() -> None:
    """Bring the database of each service that has one up to date."""
    settings = load(DatabaseSettings)
    for service in ("ingest", "alerts"):
        engine = make_engine(settings.url_for(service))
        try:
            await migrate(engine, ROOT / "services" / service / "migrations")
        finally:
            await engine.dispose()


def wait_until_ready(plan: Plan, supervisor: subprocess.Popen[bytes]) -> None:
    """Wait for every service's own word that it is ready, and show who is waited for."""
    began = time.monotonic()
    waiting = dict.fromkeys(SERVICES, "starting")
    while waiting:
        for service in list(waiting):
            reason = not_ready(plan.url(service))
            if reason is None:
                del waiting[service]
                print(f"  {service:<9} ready after {time.monotonic() - began:.1f} s", flush=True)
            else:
                waiting[service] = reason
        if supervisor.poll() is not None:
            raise StartError(f"the process manager ended; see {plan.var}/log/supervisord.log")
        if time.monotonic() - began > READY_SECONDS:
            said = "; ".join(
                f"{service}: {reason} (log: {plan.var}/log/{service}.log)" for service, reason in waiting.items()
            )
            raise StartError(f"not ready after {READY_SECONDS} s: {said}")
        time.sleep(0.1)


def subscribe_receiver(plan: Plan) -> None:
    """Subscribe the sample receiver to everything, unless an earlier run did."""
    url = f"{plan.url('receiver')}/webhook"
    subscriptions = f"{plan.url('alerts')}/v1/subscriptions"
    if not any(one["url"] == url for one in call("GET", subscriptions, plan.key)["items"]):
        call("POST", subscriptions, plan.key, {"name": "sample receiver", "url": url, "secret": plan.secret})


def banner(plan: Plan) -> str:
    """What a newcomer needs to see."""
    news = (
        '{"title": "Ukraine and Russia sign ceasefire", "text": "Ukraine and Russia signed a ceasefire on Monday, both '
        'delegations said.", "url": "https://herald.example/ceasefire", "published_at": "\'$(date -u +%FT%TZ)\'"}'
    )
    return f"""
Parley is running.

  API docs          ingest {plan.url("ingest")}/docs   alerts {plan.url("alerts")}/docs
  Metrics           {plan.url("ingest")}/metrics   {plan.url("classify")}/metrics   {plan.url("alerts")}/metrics
  Sample receiver   {plan.url("receiver")}/received   (its lines appear below)
  API key           in {plan.var}/api.key
  Logs              {plan.var}/log/

Post a text; a signed webhook follows below (the same milestone again is told once, so change the process to see more):

  curl -sS {plan.url("ingest")}/v1/news -H "Authorization: Bearer {plan.key}" -H 'Content-Type: application/json' \\
    -d '{news}'

Then try:  .venv/bin/parley alerts milestones     .venv/bin/parley topics tail classified --from-start
Ctrl-C stops everything.
"""


def follow(stream: IO[str]) -> None:
    """Print what the receiver has written since the last time."""
    for line in stream:
        print(line, end="", flush=True)


def run() -> int:
    """Start, tell, wait, stop."""
    os.chdir(ROOT)
    if shutil.which("supervisord", path=str(Path(sys.executable).parent)) is None:
        raise StartError("supervisor is not installed; run `make setup`")
    the_plan = plan()
    os.environ.update(the_plan.environment(), PARLEY_RECEIVER_SECRET=the_plan.secret)
    os.environ.setdefault("PARLEY_LOG_FORMAT", "console")
    kept = "".join(f"{name}={value}\n" for name, value in the_plan.environment().items() if name != "PARLEY_VAR")
    if url := os.environ.get("DATABASE_URL"):
        kept += f"DATABASE_URL={url}\n"
    for name, value in os.environ.items():
        if name.startswith(("KAFKA_SECURITY_", "KAFKA_SASL_", "KAFKA_SSL_")):
            quoted = value.replace("\\", "\\\\").replace("'", "\\'")  # spaces, quotes and # may be in a password
            kept += f"{name}='{quoted}'\n"
    env_file = the_plan.var / "parley.env"
    env_file.touch(mode=0o600)
    env_file.write_text(kept)
    if the_plan.own_broker:
        install()
    asyncio.run(migrate_databases())
    print("Starting Parley ...", flush=True)
    configuration = write_supervisor(the_plan)
    log = the_plan.var / "log" / "receiver.log"
    log.touch()
    with log.open() as lines:
        lines.seek(0, os.SEEK_END)
        supervisor = subprocess.Popen(
            [str(Path(sys.executable).parent / "supervisord"), "-c", str(configuration)],
            start_new_session=True,  # Ctrl-C reaches this process only, which stops the others in order
        )
        try:
            wait_until_ready(the_plan, supervisor)
            subscribe_receiver(the_plan)
            print(banner(the_plan), flush=True)
            while supervisor.poll() is None:
                follow(lines)
                time.sleep(0.1)
            raise StartError(f"the process manager ended; see {the_plan.var}/log/supervisord.log")
        except KeyboardInterrupt:
            return 0
        finally:
            stop(supervisor)
            follow(lines)


def stop(supervisor: subprocess.Popen[bytes]) -> None:
    """Stop the services, then the broker; a second Ctrl-C does not interrupt it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if supervisor.poll() is None:
        print("\nStopping: services first, the broker last ...", flush=True)
        supervisor.terminate()
        try:
            supervisor.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(supervisor.pid, signal.SIGKILL)
        print("Stopped. `make run` goes on from here.", flush=True)


def main() -> int:
    """The command; a second run on the same data directory is refused."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    var = data_directory()
    var.mkdir(parents=True, exist_ok=True)
    try:
        with (var / "run.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StartError(f"Parley is already running on {var}; stop it first") from None
            return run()
    except (StartError, SuiteError, BrokerError, SettingsError) as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
