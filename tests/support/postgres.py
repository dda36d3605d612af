"""A PostgreSQL server for the tests: one temporary cluster for the whole run, one schema for each test.

Used is the newest version in Debian's folder, the one in the folder named by ``ARCHISYNC_TEST_POSTGRES``, or a server
that already runs (``ARCHISYNC_TEST_SERVER``). It listens on a free port of the loopback interface and is started for
the first test that needs it. Under root it runs as the user ``postgres``, since PostgreSQL refuses root. Its default
collation is Italian, so that comparisons without an explicit collation fail a test.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from archisync_gui.store.postgres_server import Server
from tests.support import hygiene
from tests.support.ports import free_port

FOLDER = "ARCHISYNC_TEST_POSTGRES"
"""Environment variable: the folder of the ``initdb`` and ``pg_ctl`` to use."""
SERVER = "ARCHISYNC_TEST_SERVER"
"""Environment variable ``PORT:PORT``, both on the loopback interface: of a server that another process has started
with this module (:func:`main`), and of the control that stops and starts it."""
PASSWORD = "office-secret"
# Not ``synchronous_commit = off``: a crash (``halt("immediate")``) would then lose confirmed transactions.
SETTINGS = """
listen_addresses = '127.0.0.1'
fsync = off
full_page_writes = off
shared_buffers = 32MB
max_connections = 120
log_min_messages = warning
autovacuum = on
"""


def programs() -> Path | None:
    """The folder of the server's programs; ``None`` where no server is installed."""
    if sys.platform == "win32":
        return None
    if named := os.environ.get(FOLDER):
        return Path(named)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return Path(there).resolve().parent if there else None


class Cluster:
    """A temporary PostgreSQL cluster; :meth:`stop` removes it. ``standby_of``: a standby of that cluster, until
    :meth:`promote`."""

    def __init__(self, bin_folder: Path, *, standby_of: Cluster | None = None) -> None:
        self._bin = bin_folder
        self._user: str | None = "postgres" if os.getuid() == 0 else None
        self._group = self._user
        # Not inside the run's own folder, which only root may read.
        outside = os.environ.get("PYTEST_DEBUG_TEMPROOT") or tempfile.gettempdir()
        self.folder = Path(tempfile.mkdtemp(prefix="at-postgres-", dir=outside))
        self.data = self.folder / "data"
        self.port = free_port()
        try:
            if self._user is not None:
                shutil.chown(self.folder, self._user, self._group)
            own = f"port = {self.port}\nunix_socket_directories = '{self.folder}'\n"
            if standby_of is not None:
                source = f"host=127.0.0.1 port={standby_of.port} user=admin password={PASSWORD}"
                self.run("pg_basebackup", "-D", str(self.data), "-R", "-X", "stream", "-c", "fast", "-d", source)
                with (self.data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
                    file.write(own)  # of several lines for one setting the last one counts
                self.start()
                return
            version = int(re.findall(r"\d+", self.run("initdb", "--version"))[0])
            secret = self.folder / "password"
            secret.write_text(PASSWORD, "utf-8")
            secret.chmod(0o644)
            how = ("-D", str(self.data), "-U", "admin", f"--pwfile={secret}", *INITDB)
            try:
                self.run("initdb", *how, *(ITALIAN if version >= 15 else ()))
            except RuntimeError as error:
                if "ICU is not supported" not in str(error):
                    raise
                self.run("initdb", *how)
            (self.data / "postgresql.auto.conf").write_text(SETTINGS + own, "utf-8")
            self.start()
            self.sql(f"CREATE ROLE office LOGIN PASSWORD '{PASSWORD}'")
            self.sql("CREATE DATABASE office OWNER office")
        except BaseException:
            self.stop()
            raise

    def run(self, program: str, *arguments: str) -> str:
        """Run one of the server's programs as the server's user; returns its output. ``RuntimeError`` if it fails."""
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            user=self._user,
            group=self._group,
            extra_groups=None if self._user is None else [],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{program}: {done.stdout}\n{log.read_text('utf-8') if log.exists() else ''}")
        return done.stdout

    @property
    def programs(self) -> Path:
        """The folder of the server's programs."""
        return self._bin

    @property
    def user(self) -> str | None:
        """The system user under which the server runs; ``None``: the same as the tests."""
        return self._user

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-t", "60", "start")
        hygiene.servers.add(int((self.data / "postmaster.pid").read_text("utf-8").split()[0]))

    def halt(self, mode: str = "fast") -> None:
        """Stop the server; :meth:`start` starts it again. The mode ``immediate`` acts as a crash."""
        self.run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def promote(self) -> None:
        """Promote a standby to a server that accepts writes."""
        self.run("pg_ctl", "-D", str(self.data), "-w", "promote")

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the server's administrator; returns its rows, if it has any."""
        server = Server("127.0.0.1", database, "admin", self.port, PASSWORD, schema="public", sslmode="disable")
        with server.connect("tests", autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def office(self, schema: str) -> Server:
        """The address of an office, for the role ``office``, which has no other rights on the server."""
        return Server("127.0.0.1", "office", "office", self.port, PASSWORD, schema=schema, sslmode="disable")

    def stop(self) -> None:
        """Stop the server and remove everything."""
        if (self.data / "postmaster.pid").exists():
            self.halt("immediate")
        deadline = time.monotonic() + 10
        while (self.data / "postmaster.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        shutil.rmtree(self.folder, ignore_errors=True)


class Elsewhere(Cluster):
    """A cluster that another process has made, and which is stopped and started through that process. Tests that need
    its programs or files are skipped."""

    def __init__(self, ports: str) -> None:  # no cluster is made
        self.port, self._control = map(int, ports.split(":"))

    def __getattr__(self, name: str) -> NoReturn:
        pytest.skip("the server runs on the Linux host outside Wine: its programs and files cannot be reached")

    def run(self, program: str, *arguments: str) -> str:
        """Cannot be done here: the access to ``programs`` skips the test."""
        return str(self.programs)

    def start(self) -> None:
        """Let the other process start it."""
        self._ask("start")

    def halt(self, mode: str = "fast") -> None:
        """Let the other process stop it."""
        self._ask(f"halt {mode}")

    def _ask(self, what: str) -> None:
        with socket.create_connection(("127.0.0.1", self._control)) as connection, connection.makefile("rw") as lines:
            lines.write(f"{what}\n")
            lines.flush()
            if said := lines.read():
                raise RuntimeError(said)

    def stop(self) -> None:
        """Does nothing: the process that made the cluster stops it."""


class _Control(socketserver.StreamRequestHandler):
    """The server side of :class:`Elsewhere`: does one command and answers with the error, if there was one."""

    cluster: Cluster

    def handle(self) -> None:
        """Handle one request."""
        what, *mode = self.rfile.readline().decode().split()
        try:
            if what == "start":
                self.cluster.start()
            else:
                self.cluster.halt(*mode)
        except RuntimeError as error:
            self.wfile.write(str(error).encode())


INITDB = ("--auth=scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
ITALIAN = ("--locale-provider=icu", "--icu-locale=it")
"""Arguments of ``initdb`` that version 15 introduced."""


on_a_server = pytest.mark.skipif(
    sys.platform == "win32" and SERVER not in os.environ, reason="the server of the tests runs on Linux and macOS"
)
"""For tests that need the server."""


class Offices:
    """Gives each test an office of its own on one server."""

    def __init__(self) -> None:
        self._cluster: Cluster | None = None
        self._numbers = itertools.count(1)

    @property
    def cluster(self) -> Cluster:
        """The server, started at first use. Skips the test where none is installed."""
        if self._cluster is None:
            found = programs()
            if SERVER in os.environ:
                self._cluster = Elsewhere(os.environ[SERVER])
            elif found is None:
                pytest.skip("needs Linux or macOS with a PostgreSQL server (Debian: postgresql)")
            else:
                self._cluster = Cluster(found)
        return self._cluster

    def new(self) -> Server:
        """The address of an office that does not exist yet."""
        return self.cluster.office(f"office{next(self._numbers)}")

    def forget(self, server: Server) -> None:
        """Remove an office."""
        admin = replace(server, user="admin")
        with admin.connect("tests", autocommit=True) as connection:
            connection.execute(f'DROP SCHEMA IF EXISTS "{server.schema}" CASCADE')

    @contextmanager
    def one(self) -> Iterator[Server]:
        """The address of a new office, which is removed at the end of the block."""
        server = self.new()
        yield server
        self.forget(server)

    def close(self) -> None:
        """Stop the server."""
        if self._cluster is not None:
            self._cluster.stop()


@pytest.fixture(scope="session")
def offices() -> Iterator[Offices]:
    """The run's PostgreSQL server."""
    found = Offices()
    yield found
    found.close()


@pytest.fixture
def office(offices: Offices) -> Iterator[Server]:
    """The address of a new office, removed after the test."""
    with offices.one() as server:
        yield server


def main() -> int:
    """Run a server for tests on another system: prints its ports in the form of :data:`SERVER`, and stops at the end of
    standard input. Prints an empty line where no server is installed."""
    found = programs()
    if found is None:
        print(flush=True)
        return 0
    cluster = Cluster(found)
    try:
        _Control.cluster = cluster
        with socketserver.TCPServer(("127.0.0.1", 0), _Control) as control:
            threading.Thread(target=control.serve_forever, daemon=True).start()
            print(f"{cluster.port}:{control.server_address[1]}", flush=True)
            sys.stdin.read()
            control.shutdown()
    finally:
        cluster.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
