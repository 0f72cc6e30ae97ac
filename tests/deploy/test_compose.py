"""docker-compose.yml: valid by the official schema, and what we demand of it beyond that."""

import re
import subprocess
import sys

import pytest

from services.alerts.settings import AlertsSettings
from services.classify.settings import ClassifySettings
from services.ingest.settings import IngestSettings
from shared.keys import SCOPES, hashed, new_key
from shared.settings import ServiceSettings, load
from tests.deploy import compose
from tests.deploy.dockerfile import DOCKERFILE, ROOT, health_command, of, stages

SECRET = {"POSTGRES_PASSWORD": "6f1c0a", "PARLEY_API_KEYS": str(hashed("admin", SCOPES, new_key(bytes(32))))}
SERVICES = compose.load()["services"]
OURS = {"ingest": IngestSettings, "classify": ClassifySettings, "alerts": AlertsSettings}
MIGRATIONS = {name for name, one in SERVICES.items() if one.get("command", [""])[0] == "parley"}
LASTING = set(SERVICES) - MIGRATIONS
each_service = pytest.mark.parametrize("name", SERVICES)


def check_schema(path):
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", path],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_file_is_valid_by_the_official_schema():
    done = check_schema(compose.FILE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_misspelt_key_would_be_noticed(tmp_path):
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(compose.FILE.read_text().replace("depends_on:", "depend_on:", 1))
    done = check_schema(wrong)
    assert done.returncode == 1
    assert "depend_on" in done.stdout


def test_it_holds_kafka_postgresql_the_services_and_a_migration_for_each_that_has_a_database():
    assert set(SERVICES) == {"kafka", "postgres", *OURS, "ingest-migrate", "alerts-migrate"}


@pytest.mark.parametrize("name", SECRET)
def test_without_a_secret_nothing_starts_and_a_sentence_says_what_to_do(name):
    with pytest.raises(compose.MissingVariableError, match=rf"^put {name} .* into the file \.env"):
        compose.load({other: value for other, value in SECRET.items() if other != name})


def test_no_secret_is_written_into_the_file():
    for one in SERVICES.values():
        for name, value in one.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|API_KEY", name):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name
    credentials = re.findall(r"://[^/\s:]+:(.+?)@", compose.FILE.read_text())
    assert credentials
    assert all(re.fullmatch(r"\$\{\w+:\?[^}]+\}", password) for password in credentials)


def test_secrets_go_only_to_those_who_need_them():
    given = {
        name: {key for key in ("PARLEY_API_KEYS", "DATABASE_URL", "POSTGRES_PASSWORD") if key in one["environment"]}
        for name, one in SERVICES.items()
    }
    assert given == {
        "kafka": set(),
        "postgres": {"POSTGRES_PASSWORD"},
        "ingest-migrate": {"DATABASE_URL"},
        "alerts-migrate": {"DATABASE_URL"},
        "ingest": {"DATABASE_URL", "PARLEY_API_KEYS"},
        "classify": set(),
        "alerts": {"DATABASE_URL", "PARLEY_API_KEYS"},
    }


@each_service
def test_ports_are_published_on_loopback_only(name):
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", ["kafka", "postgres", "classify", *sorted(MIGRATIONS)])
def test_what_nobody_outside_calls_is_on_a_network_without_a_way_out(name):
    assert SERVICES[name]["networks"] == ["inside"]
    assert "ports" not in SERVICES[name]
    assert compose.load()["networks"]["inside"]["internal"] is True


@each_service
def test_images_are_pinned_by_a_tag(name):
    _, tag = SERVICES[name]["image"].rsplit(":", 1)
    assert re.fullmatch(r"\d+\.\d+(\.\d+)?(-\w+)?", tag) or (tag == "local" and "build" in SERVICES[name])


@each_service
def test_no_process_has_rights_that_it_does_not_need(name):
    one = SERVICES[name]
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "pid", "ipc", "network_mode"} & set(one)
    assert one.get("user") in {"appuser", "postgres"} or "build" in one  # the Dockerfile names its own


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"kafka"}))
def test_the_file_system_is_read_only_but_for_temporary_files_and_volumes(name):
    assert SERVICES[name]["read_only"] is True


@each_service
def test_memory_processors_processes_and_logs_are_limited(name):
    assert {"cpus", "memory", "pids"} <= set(SERVICES[name]["deploy"]["resources"]["limits"])
    assert SERVICES[name]["logging"] == {"driver": "local"}


@pytest.mark.parametrize("name", sorted(LASTING))
def test_what_lasts_is_restarted_and_has_a_health_check(name):
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


@pytest.mark.parametrize("name", sorted(MIGRATIONS))
def test_a_migration_runs_once_and_its_service_waits_until_it_has_succeeded(name):
    service = name.removesuffix("-migrate")
    assert SERVICES[name]["restart"] == "no"
    assert SERVICES[name]["command"] == ["parley", service, "migrate"]
    assert SERVICES[name]["build"] == SERVICES[service]["build"]
    assert SERVICES[name]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES[service]["depends_on"][name] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_built_from_the_dockerfile_and_checked_by_the_command_of_its_image(name):
    one = SERVICES[name]
    assert one["build"] == {"context": ".", "dockerfile": "deploy/Dockerfile", "args": {"SERVICE": name}}
    assert ROOT / one["build"]["dockerfile"] == DOCKERFILE
    assert one["healthcheck"]["test"] == ["CMD", *health_command(stages(DOCKERFILE.read_text())[-1])]


@pytest.mark.parametrize("name", OURS)
def test_a_service_gets_at_least_as_long_to_stop_as_it_takes(name):
    """uvicorn gives requests 25 s; a kill before that would lose nothing, but would be seen by callers."""
    assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > 25


@pytest.mark.parametrize("name", OURS)
def test_the_environment_of_a_service_is_what_its_settings_understand(name, monkeypatch):
    given = compose.load(SECRET)["services"][name]["environment"]
    settings = OURS[name]
    known = {field.validation_alias or f"PARLEY_{key.upper()}" for key, field in settings.model_fields.items()}
    assert set(given) <= known
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    read = load(settings)
    assert read.profile == "cluster"
    assert read.kafka_bootstrap == "kafka:9092"
    if "DATABASE_URL" in given:
        assert read.url_for(name) == "postgresql+asyncpg://parley:6f1c0a@postgres:5432/parley"


def test_the_port_that_is_published_is_the_one_that_the_image_listens_on(monkeypatch):
    variables = dict(
        pair.split("=", 1) for rest in of(stages(DOCKERFILE.read_text())[-1], "ENV") for pair in rest.split()
    )
    for name, settings in OURS.items():
        port = settings.model_fields["port"]
        assert variables[port.validation_alias] == "8080"
        for published in compose.load(SECRET)["services"][name].get("ports", []):
            assert published == f"127.0.0.1:{port.default}:8080"
    monkeypatch.setenv("PARLEY_HOST", variables["PARLEY_HOST"])
    assert load(ServiceSettings).host == "0.0.0.0"  # noqa: S104 - in a container; what is published is on loopback
