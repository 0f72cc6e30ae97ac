"""How to reach the Kafka cluster: where, over TLS or not, as which user. Every client is made from this."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster, as the settings ``KAFKA_…`` describe it.

    Attributes:
        bootstrap: ``host:port[,host:port]``.
        protocol: what the listener at that port speaks, in Kafka's names.
        mechanism: how the user is proved, where the protocol has SASL.
        username: the user.
        password: the user's.
        cafile: PEM of the authorities that may sign the brokers' certificates; ``None``: those of the system.
        certfile: PEM of our own certificate and its chain, where the brokers ask for one.
        keyfile: PEM of its key, unencrypted, where that is not in ``certfile``.

    """

    bootstrap: str
    protocol: Protocol = "PLAINTEXT"
    mechanism: Mechanism | None = None
    username: str | None = None
    password: SecretStr | None = None
    cafile: Path | None = None
    certfile: Path | None = None
    keyfile: Path | None = None

    def __str__(self) -> str:
        return self.bootstrap

    def wrong(self) -> list[str]:
        """What does not fit together, a sentence each that names the variable."""
        sasl = {
            "KAFKA_SASL_MECHANISM": self.mechanism,
            "KAFKA_SASL_USERNAME": self.username,
            "KAFKA_SASL_PASSWORD": self.password,
        }
        tls = {
            "KAFKA_SSL_CAFILE": self.cafile,
            "KAFKA_SSL_CERTFILE": self.certfile,
            "KAFKA_SSL_KEYFILE": self.keyfile,
        }
        is_set = f"KAFKA_SECURITY_PROTOCOL is {self.protocol}"
        sentences = []
        if self.protocol.startswith("SASL_"):
            sentences += [f"{is_set}, so {name} must be set" for name, value in sasl.items() if value is None]
        else:
            sentences += [f"{name} is set, but {is_set}, which has no users" for name, value in sasl.items() if value]
        if self.protocol.endswith("SSL"):
            missing = [f"{name} is {path}, but there is no such file" for name, path in tls.items() if _is_gone(path)]
            sentences += missing or self._wrong_files()
        else:
            sentences += [f"{name} is set, but {is_set}, which has no TLS" for name, value in tls.items() if value]
        return sentences

    def _wrong_files(self) -> list[str]:
        if self.keyfile and not self.certfile:
            return ["KAFKA_SSL_KEYFILE is set, so KAFKA_SSL_CERTFILE must be set"]
        try:
            ssl.create_default_context(cafile=self.cafile)
        except OSError as error:
            return [f"KAFKA_SSL_CAFILE is {self.cafile}, but holds no certificates in PEM form: {error}"]
        try:
            self.tls()
        except OSError as error:
            name = "KAFKA_SSL_CERTFILE and KAFKA_SSL_KEYFILE are" if self.keyfile else "KAFKA_SSL_CERTFILE is"
            return [f"{name} no certificate and its unencrypted key, both in PEM form: {error}"]
        return []

    def tls(self) -> ssl.SSLContext | None:
        """The files are read now; ``None`` where the protocol has no TLS.

        Raises:
            OSError: a file cannot be read, or is not what it should be.

        """
        if not self.protocol.endswith("SSL"):
            return None
        context = ssl.create_default_context(cafile=self.cafile)
        if self.certfile:
            # without this a key with a passphrase would be asked for at the terminal
            context.load_cert_chain(self.certfile, self.keyfile, password="")
        return context

    def options(self) -> dict[str, Any]:
        """What each of aiokafka's clients is given, whatever else it takes.

        Raises:
            OSError: as ``tls``.

        """
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.protocol,
            "ssl_context": self.tls(),
        }
        if self.mechanism and self.password:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password.get_secret_value(),
            }
        return options


def _is_gone(path: Path | None) -> bool:
    return path is not None and not path.is_file()
