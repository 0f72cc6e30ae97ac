"""Settings from the environment, validated once at start; a wrong value names itself.

Names are ``PARLEY_…``, but for the cluster (``KAFKA_…``) and ``DATABASE_URL``, which other tools call the same. What
the environment leaves open is looked up in ``parley.env`` in the data directory, which the local run writes, so that
commands typed beside it reach the same broker and databases.
"""

import os
import re
import sys
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import (
    Field,
    PostgresDsn,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.cluster import Cluster, Mechanism, Protocol
from shared.keys import ApiKey

PREFIX = "PARLEY_"
S = TypeVar("S", bound=BaseSettings)
_PASSWORD: Final = re.compile(r"(://[^/@:\s]*:).*@")
"""The password of a URL: up to the last at sign, since people forget to escape one within it."""


class SettingsError(Exception):
    """One or more settings are wrong; the message names each, its value and what was expected."""


def data_directory() -> Path:
    """Where this machine keeps what must survive: ``PARLEY_VAR``, else ``var/`` in the checkout."""
    return Path(os.environ.get(f"{PREFIX}VAR") or Path(__file__).resolve().parents[1] / "var")


class KafkaSettings(BaseSettings):
    """The cluster; what the attributes mean stands in ``Cluster``. An empty variable counts as one that is not set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", hide_input_in_errors=True)

    kafka_bootstrap: Annotated[str, Field(validation_alias="KAFKA_BOOTSTRAP")] = "127.0.0.1:9092"
    kafka_protocol: Annotated[Protocol, Field(validation_alias="KAFKA_SECURITY_PROTOCOL")] = "PLAINTEXT"
    kafka_mechanism: Annotated[Mechanism | None, Field(validation_alias="KAFKA_SASL_MECHANISM")] = None
    kafka_username: Annotated[str | None, Field(validation_alias="KAFKA_SASL_USERNAME")] = None
    kafka_password: Annotated[SecretStr | None, Field(validation_alias="KAFKA_SASL_PASSWORD")] = None
    kafka_cafile: Annotated[Path | None, Field(validation_alias="KAFKA_SSL_CAFILE")] = None
    kafka_certfile: Annotated[Path | None, Field(validation_alias="KAFKA_SSL_CERTFILE")] = None
    kafka_keyfile: Annotated[Path | None, Field(validation_alias="KAFKA_SSL_KEYFILE")] = None

    @field_validator("kafka_bootstrap")
    @classmethod
    def _check_bootstrap(cls, value: str) -> str:
        for server in value.split(","):
            host, _, port = server.strip().rpartition(":")
            if not host or not port.isdecimal():
                raise ValueError("expected host:port, or several separated by commas")
        return value

    @field_validator(
        "kafka_protocol",
        "kafka_mechanism",
        "kafka_username",
        "kafka_password",
        "kafka_cafile",
        "kafka_certfile",
        "kafka_keyfile",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object, info: ValidationInfo) -> object:
        return cls.model_fields[str(info.field_name)].default if value == "" else value

    @model_validator(mode="after")
    def _check_cluster(self) -> Self:
        if wrong := self.cluster.wrong():
            raise ValueError("; ".join(wrong))
        return self

    @property
    def cluster(self) -> Cluster:
        """All of it in one."""
        return Cluster(
            self.kafka_bootstrap,
            self.kafka_protocol,
            self.kafka_mechanism,
            self.kafka_username,
            self.kafka_password,
            self.kafka_cafile,
            self.kafka_certfile,
            self.kafka_keyfile,
        )


class ServiceSettings(KafkaSettings):
    """What every service is told.

    Attributes:
        profile: ``local`` (one machine: loopback targets allowed) or ``cluster``.
        host: the address that the HTTP doors bind.
        port: the port that they bind.
        api_keys: who may call, as ``name:scope+scope:sha256`` separated by commas (see ``keys.py``).
        log_format: ``console`` for people, ``json`` for machines.
        log_level: the least severe level that is written.

    """

    profile: Literal["local", "cluster"] = "cluster"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    api_keys: Annotated[tuple[ApiKey, ...], NoDecode] = ()
    log_format: Literal["console", "json"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("api_keys", mode="before")
    @classmethod
    def _parse_keys(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ApiKey.parse(part) for part in value.split(",") if part.strip())
        return value


class DatabaseSettings(BaseSettings):
    """The database of one service; SQLite in the data directory unless a URL says otherwise."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    database_url: Annotated[str | None, Field(validation_alias="DATABASE_URL")] = None

    @field_validator("database_url")
    @classmethod
    def _check_url(cls, value: str | None) -> str | None:
        if value is None or value.startswith("sqlite+aiosqlite:///"):
            return value
        for scheme in ("postgresql://", "postgres://", "postgresql+asyncpg://"):
            if value.startswith(scheme):
                url = "postgresql+asyncpg://" + value.removeprefix(scheme)
                if "?host=/" not in url:  # a unix socket has no host that a URL check would accept
                    TypeAdapter(PostgresDsn).validate_python(url)
                return url
        raise ValueError("expected postgresql://user:password@host/database or sqlite+aiosqlite:///path")

    def url_for(self, service: str) -> str:
        """The URL of one service's database."""
        if self.database_url is not None:
            return self.database_url
        directory = data_directory()
        directory.mkdir(parents=True, exist_ok=True)
        return f"sqlite+aiosqlite:///{directory / f'{service}.db'}"


def load(settings: type[S]) -> S:
    """Read and validate settings.

    Raises:
        SettingsError: names every wrong variable, its value and what was expected.

    """
    try:
        return settings(_env_file=data_directory() / "parley.env")
    except ValidationError as error:
        wrong = []
        for item in error.errors(include_url=False):
            message = item["msg"].removeprefix("Value error, ")
            if not item["loc"]:  # several that do not fit together; the input would be all of them, secrets too
                wrong.append(message)
                continue
            field = str(item["loc"][0])
            name = field if field.isupper() else f"{PREFIX}{field}".upper()
            secret = "key" in field or field.endswith("PASSWORD")
            shown = "" if secret or item["type"] == "missing" else f" is {_without_password(item['input'])!r}"
            wrong.append(f"{name}{shown}: {message}")
        raise SettingsError("; ".join(wrong)) from error


def _without_password(value: object) -> object:
    """A URL as it may be shown; any other value as it is."""
    return _PASSWORD.sub(r"\1***@", value) if isinstance(value, str) else value


def load_or_exit(settings: type[S]) -> S:
    """Read settings for a process: one clear sentence and exit status 2 where they are wrong."""
    try:
        return load(settings)
    except SettingsError as error:
        sys.stderr.write(f"cannot start: {error}\n")
        raise SystemExit(2) from None
