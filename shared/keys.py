"""API keys: random, scoped, and kept only as hashes.

A key is 256 random bits, so a plain SHA-256 is a safe way to keep it; what cannot be guessed needs no slow hash.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass

SCOPES = ("publish", "read", "subscribe")
"""What a key may allow: send texts to ingest; read milestones; manage subscriptions."""

_DIGEST_LENGTH = 64


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key as settings carry it: ``name:scope+scope:sha256`` (hexadecimal)."""

    name: str
    scopes: frozenset[str]
    digest: str

    @classmethod
    def parse(cls, text: str) -> "ApiKey":
        """Read the settings form.

        Raises:
            ValueError: says what is wrong, without the key.

        """
        parts = text.strip().split(":")
        if len(parts) != len(("name", "scopes", "digest")):
            raise ValueError("an API key is given as name:scope+scope:sha256")
        name, scopes, digest = parts
        unknown = sorted(set(scopes.split("+")) - set(SCOPES))
        if unknown:
            raise ValueError(f"key {name!r} has unknown scopes {unknown}, known are {list(SCOPES)}")
        if len(digest) != _DIGEST_LENGTH or not all(c in "0123456789abcdef" for c in digest):
            raise ValueError(f"key {name!r} needs a SHA-256 of 64 lower-case hexadecimal digits")
        return cls(name, frozenset(scopes.split("+")), digest)

    def __str__(self) -> str:
        return f"{self.name}:{'+'.join(sorted(self.scopes))}:{self.digest}"


def new_key(entropy: bytes) -> str:
    """A key as its holder keeps it, from 32 random bytes."""
    return "parley_" + urlsafe_b64encode(entropy).rstrip(b"=").decode()


def hashed(name: str, scopes: Iterable[str], key: str) -> ApiKey:
    """The form in which settings keep a key."""
    return ApiKey(name, frozenset(scopes), hashlib.sha256(key.encode()).hexdigest())


def holder(keys: Iterable[ApiKey], presented: str) -> ApiKey | None:
    """The key that was presented, compared in constant time per key."""
    digest = hashlib.sha256(presented.encode(errors="surrogateescape")).hexdigest()
    found = None
    for key in keys:
        if hmac.compare_digest(key.digest, digest):
            found = key
    return found
