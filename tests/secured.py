"""A broker as people run it in production: TLS, users, and nobody may do what he was not granted."""

import time

from pydantic import SecretStr

from deploy.local.broker import START_SECONDS, LocalBroker, free_port, is_listening, prepare
from shared.cluster import Cluster
from tests.certificates import Authority

PASSWORD = "four-quiet-rivers"
LISTENERS = {"TLS": "SSL", "MUTUAL": "SSL", "SCRAM": "SASL_SSL", "PLAIN": "SASL_PLAINTEXT"}
_MODULE = "org.apache.kafka.common.security.{}LoginModule required"


class SecuredBroker(LocalBroker):
    """Beside the plain listener one for each kind of security; ``parley`` may do all, ``guest`` nothing."""

    def __init__(self, directory):
        super().__init__(directory / "kafka")
        self.authority = Authority(directory / "pem")
        self.server = self.authority.sign("server")
        self.client = self.authority.sign("client")
        self.ports = {name: free_port() for name in LISTENERS}

    def start(self):
        """Start, and wait for the other listeners too."""
        super().start()
        deadline = time.monotonic() + START_SECONDS
        while not all(map(is_listening, self.ports.values())):
            assert time.monotonic() < deadline, (self.directory / "kafka.out").read_text()[-800:]
            time.sleep(0.05)

    def _prepare(self):
        users = [f"--add-scram=SCRAM-SHA-512=[name={name},password={PASSWORD}]" for name in ("parley", "guest")]
        return prepare(self.directory, self.port, self._controller_port, extra=self._extra(), format_options=users)

    def _extra(self):
        clients = {"PLAINTEXT": self.port, **self.ports}
        listeners = ",".join(f"{name}://127.0.0.1:{port}" for name, port in clients.items())
        protocols = {"CONTROLLER": "PLAINTEXT", "PLAINTEXT": "PLAINTEXT", **LISTENERS}
        lines = {
            "listeners": f"{listeners},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": listeners,
            "listener.security.protocol.map": ",".join(f"{name}:{kind}" for name, kind in protocols.items()),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.server,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.authority.pem,
            "listener.name.mutual.ssl.client.auth": "required",
            "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.scram.scram-sha-512.sasl.jaas.config": _MODULE.format("scram.Scram") + ";",
            "listener.name.plain.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.plain.plain.sasl.jaas.config": _MODULE.format("plain.Plain")
            + f' user_parley="{PASSWORD}" user_guest="{PASSWORD}";',
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS;User:parley;User:CN=client",
        }
        return "".join(f"{name}={value}\n" for name, value in lines.items())

    def environment(self, listener):
        """The same as variables of the environment."""
        cluster = self.at(listener)
        variables = {
            "KAFKA_BOOTSTRAP": cluster.bootstrap,
            "KAFKA_SECURITY_PROTOCOL": cluster.protocol,
            "KAFKA_SASL_MECHANISM": cluster.mechanism,
            "KAFKA_SASL_USERNAME": cluster.username,
            "KAFKA_SASL_PASSWORD": cluster.password and PASSWORD,
            "KAFKA_SSL_CAFILE": cluster.cafile,
            "KAFKA_SSL_CERTFILE": cluster.certfile,
        }
        return {name: str(value) for name, value in variables.items() if value is not None}

    def at(self, listener, username="parley", password=PASSWORD, **other):
        """The cluster as the settings would describe it to somebody who uses this listener rightly."""
        known = {
            "TLS": {"protocol": "SSL", "cafile": self.authority.pem},
            "MUTUAL": {"protocol": "SSL", "cafile": self.authority.pem, "certfile": self.client},
            "SCRAM": {"protocol": "SASL_SSL", "cafile": self.authority.pem, "mechanism": "SCRAM-SHA-512"},
            "PLAIN": {"protocol": "SASL_PLAINTEXT", "mechanism": "PLAIN"},
        }[listener]
        if "mechanism" in known:
            known |= {"username": username, "password": SecretStr(password)}
        return Cluster(f"127.0.0.1:{self.ports[listener]}", **(known | other))
