"""Settings: validated at start; a wrong value names itself."""

import traceback

import pytest
from pydantic import SecretStr

from shared.cluster import Cluster
from shared.keys import hashed
from shared.settings import (
    DatabaseSettings,
    KafkaSettings,
    ServiceSettings,
    SettingsError,
    data_directory,
    load,
    load_or_exit,
)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PARLEY_PORT", "eighty", "PARLEY_PORT is 'eighty': Input should be a valid integer"),
        ("PARLEY_PORT", "70000", "PARLEY_PORT is '70000': Input should be less than or equal to 65535"),
        ("PARLEY_PROFILE", "locl", "PARLEY_PROFILE is 'locl': Input should be 'local' or 'cluster'"),
        ("KAFKA_BOOTSTRAP", "broker", "KAFKA_BOOTSTRAP is 'broker': expected host:port"),
        ("PARLEY_LOG_FORMAT", "xml", "PARLEY_LOG_FORMAT is 'xml': Input should be 'console' or 'json'"),
        ("PARLEY_API_KEYS", "me:fly:00", "PARLEY_API_KEYS: key 'me' has unknown scopes ['fly']"),
    ],
)
def test_a_wrong_value_names_itself(monkeypatch, name, value, sentence):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load(ServiceSettings)
    assert str(error.value).startswith(sentence)


def test_every_wrong_value_is_named_at_once(monkeypatch):
    monkeypatch.setenv("PARLEY_PORT", "x")
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "y")
    with pytest.raises(SettingsError, match=r"KAFKA_BOOTSTRAP.*; PARLEY_PORT"):
        load(ServiceSettings)


def test_a_service_with_wrong_settings_says_so_and_exits_with_2(monkeypatch, capsys):
    monkeypatch.setenv("PARLEY_PORT", "x")
    with pytest.raises(SystemExit) as exit_:
        load_or_exit(ServiceSettings)
    assert exit_.value.code == 2
    assert capsys.readouterr().err.startswith("cannot start: PARLEY_PORT is 'x'")


def test_a_key_is_never_repeated_in_an_error(monkeypatch):
    monkeypatch.setenv("PARLEY_API_KEYS", "me:read:tell-nobody")
    with pytest.raises(SettingsError) as error:
        load(ServiceSettings)
    assert "tell-nobody" not in str(error.value)


def test_what_the_environment_leaves_open_is_found_in_the_data_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("PARLEY_VAR", str(tmp_path))
    (tmp_path / "parley.env").write_text("KAFKA_BOOTSTRAP=127.0.0.1:7777\nPARLEY_HOST=127.0.0.2\nUNKNOWN=1\n")
    monkeypatch.setenv("PARLEY_HOST", "127.0.0.3")
    settings = load(ServiceSettings)
    assert (settings.kafka_bootstrap, settings.host) == ("127.0.0.1:7777", "127.0.0.3")
    assert data_directory() == tmp_path


def test_keys_are_read_from_their_settings_form(monkeypatch):
    keys = [hashed("a", ["read"], "one"), hashed("b", ["publish", "subscribe"], "two")]
    monkeypatch.setenv("PARLEY_API_KEYS", ",".join(map(str, keys)))
    assert list(load(ServiceSettings).api_keys) == keys


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u:p@db/parley", "postgresql+asyncpg://u:p@db/parley"),
        ("postgres://u:p@db/parley", "postgresql+asyncpg://u:p@db/parley"),
        ("postgresql:///parley?host=/run/pg", "postgresql+asyncpg:///parley?host=/run/pg"),
        ("sqlite+aiosqlite:////data/x.db", "sqlite+aiosqlite:////data/x.db"),
    ],
)
def test_database_urls_are_taken_as_people_write_them(monkeypatch, given, used):
    monkeypatch.setenv("DATABASE_URL", given)
    assert load(DatabaseSettings).url_for("alerts") == used


def test_a_database_of_another_kind_is_refused(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://u@db/parley")
    with pytest.raises(SettingsError, match="DATABASE_URL is 'mysql://u@db/parley': expected postgresql://"):
        load(DatabaseSettings)


def test_the_password_of_a_refused_url_is_not_repeated(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://u:tell@nobody@db/parley")
    with pytest.raises(SettingsError) as error:
        load(DatabaseSettings)
    assert str(error.value).startswith("DATABASE_URL is 'mysql://u:***@db/parley': expected postgresql://")


def test_without_a_url_each_service_has_its_own_file(tmp_path, monkeypatch):
    monkeypatch.setenv("PARLEY_VAR", str(tmp_path / "new"))
    assert load(DatabaseSettings).url_for("ingest") == f"sqlite+aiosqlite:///{tmp_path}/new/ingest.db"
    assert (tmp_path / "new").is_dir()


SCRAM = {
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "KAFKA_SASL_USERNAME": "parley",
    "KAFKA_SASL_PASSWORD": "seven-slow-boats",
}


def refused(monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(SettingsError) as error:
        load(KafkaSettings)
    return str(error.value)


def test_a_cluster_with_users_and_tls_is_described_by_the_environment(monkeypatch):
    for name, value in SCRAM.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KAFKA_SSL_CAFILE", "")
    cluster = load(ServiceSettings).cluster
    assert cluster == Cluster(
        "127.0.0.1:9092", "SASL_SSL", "SCRAM-SHA-512", "parley", SecretStr("seven-slow-boats"), None
    )
    assert "seven-slow-boats" not in repr(load(ServiceSettings))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"KAFKA_SASL_USERNAME": ""}, "KAFKA_SECURITY_PROTOCOL is SASL_SSL, so KAFKA_SASL_USERNAME must be set"),
        ({"KAFKA_SASL_PASSWORD": ""}, "KAFKA_SECURITY_PROTOCOL is SASL_SSL, so KAFKA_SASL_PASSWORD must be set"),
        ({"KAFKA_SASL_MECHANISM": ""}, "KAFKA_SECURITY_PROTOCOL is SASL_SSL, so KAFKA_SASL_MECHANISM must be set"),
        (
            {"KAFKA_SECURITY_PROTOCOL": ""},
            "KAFKA_SASL_MECHANISM is set, but KAFKA_SECURITY_PROTOCOL is PLAINTEXT, which has no users",
        ),
        ({"KAFKA_SSL_CAFILE": "/no/ca.pem"}, "KAFKA_SSL_CAFILE is /no/ca.pem, but there is no such file"),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SSL_CAFILE": "/no/ca.pem"},
            "KAFKA_SSL_CAFILE is set, but KAFKA_SECURITY_PROTOCOL is SASL_PLAINTEXT, which has no TLS",
        ),
        ({"KAFKA_SSL_CAFILE": __file__}, "holds no certificates in PEM form"),
        ({"KAFKA_SSL_CERTFILE": __file__}, "KAFKA_SSL_CERTFILE is no certificate and its unencrypted key"),
        ({"KAFKA_SSL_KEYFILE": __file__}, "KAFKA_SSL_KEYFILE is set, so KAFKA_SSL_CERTFILE must be set"),
        ({"KAFKA_SASL_MECHANISM": "GSSAPI"}, "KAFKA_SASL_MECHANISM is 'GSSAPI': Input should be 'PLAIN', 'SCRAM"),
        ({"KAFKA_SECURITY_PROTOCOL": "ssl"}, "KAFKA_SECURITY_PROTOCOL is 'ssl': Input should be 'PLAINTEXT', 'SSL'"),
    ],
)
def test_what_does_not_fit_together_is_named_and_the_password_is_not(monkeypatch, change, sentence):
    message = refused(monkeypatch, SCRAM | change)
    assert sentence in message
    assert "seven-slow-boats" not in message


def test_a_service_that_cannot_start_shows_no_password_in_any_trace(monkeypatch):
    for name, value in (SCRAM | {"KAFKA_SASL_USERNAME": "", "PARLEY_PORT": "x"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load(ServiceSettings)
    assert "seven-slow-boats" not in "".join(traceback.format_exception(error.value))
