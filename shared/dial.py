"""Why a cluster cannot be reached, in a sentence for the person who wrote the settings.

The client library tells the cause to its own log only, and raises the same error for a broker that is down, a
certificate that nobody trusts and a wrong password. So each server is called once more.
"""

import asyncio
import ssl
from typing import Final

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from shared.admin import TopicsForbiddenError
from shared.cluster import Cluster

_DIAL_SECONDS: Final = 1.5
_FORBIDDEN: Final = (ClusterAuthorizationFailedError, GroupAuthorizationFailedError, TopicAuthorizationFailedError)


async def explain(cluster: Cluster, error: Exception) -> str:
    """Say what stands between us and the cluster, after ``error``; takes a second and a half at most."""
    if isinstance(error, TopicsForbiddenError):
        return str(error)
    servers = [(host, port) for host, port, _ in collect_hosts(cluster.bootstrap)]
    answers = await asyncio.gather(*(_dial(cluster, host, port) for host, port in servers))
    for (host, port), found in zip(servers, answers, strict=True):
        if found is None and isinstance(error, _FORBIDDEN):
            return f"Kafka at {host}:{port} does not let the user {cluster.username!r} do what is needed: {error!r}"
        if found is None:
            return f"Kafka at {host}:{port} answers, but not as it should: {error!r}"
        if sentence := _sentence(cluster, found):
            return f"Kafka at {host}:{port} {sentence}"
    return f"Kafka at {cluster.bootstrap} does not answer: {error!r}"


async def _dial(cluster: Cluster, host: str, port: int) -> Exception | None:
    try:
        options = cluster.options()
        del options["bootstrap_servers"]
        async with asyncio.timeout(_DIAL_SECONDS):
            connection = await create_conn(host, port, client_id="parley-dial", **options)
            try:
                await connection.send(MetadataRequest([]))
            finally:
                connection.close()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the caller asks for
        return error
    return None


def _sentence(cluster: Cluster, error: Exception) -> str | None:
    fits = f"does KAFKA_SECURITY_PROTOCOL={cluster.protocol} fit this port"
    known: tuple[tuple[type[Exception], str], ...] = (
        (
            ssl.SSLCertVerificationError,
            f"shows a certificate that is not trusted ({getattr(error, 'verify_message', '')}); see KAFKA_SSL_CAFILE",
        ),
        (ssl.SSLError, f"breaks the TLS handshake off ({getattr(error, 'reason', '')}); {fits}?"),
        (
            SaslAuthenticationFailed,
            f"refuses the user {cluster.username!r} or the password; see KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD",
        ),
        (UnsupportedSaslMechanismError, f"does not take {cluster.mechanism}; see KAFKA_SASL_MECHANISM"),
        (IllegalSaslStateError, f"asks for no user; {fits}?"),
        (
            KafkaConnectionError,
            f"takes the connection and closes it at once; {fits}"
            + (", and does it want a certificate from us (KAFKA_SSL_CERTFILE)?" if "SSL" in cluster.protocol else "?"),
        ),
        (ConnectionResetError, f"takes the connection and closes it at once; {fits}?"),
    )
    return next((sentence for kind, sentence in known if isinstance(error, kind)), None)
