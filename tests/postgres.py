"""A real PostgreSQL for the tests: one cluster a worker, a fresh database a test."""

import os
import pwd
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg
import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
USER = "postgres"
_NUMBERS = count(1)
_CLUSTER = pytest.StashKey["Cluster"]()


class Cluster:
    """A server that listens on a socket in its own folder and nowhere else; fsync is on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data, self._bin = folder / "data", BINARIES[-1].parent
        # PostgreSQL refuses to run as root.
        self._as = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []

    def start(self) -> None:
        if self._as:
            owner = pwd.getpwnam(USER)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        how = ["-A", "trust", "-E", "UTF8", "--locale=C"]
        self._run("initdb", *how, "-U", USER, "-D", self._data)
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=on"
        log = self.folder / "log"
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", log, "-o", options)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-m", "immediate", "-D", self._data)

    def end(self) -> None:
        """Stop the server if it runs, and leave nothing behind."""
        if (self._data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str | Path) -> None:
        done = subprocess.run(
            [*self._as, self._bin / program, *words],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def fresh(self) -> str:
        """Make a database; return its URL."""
        name = f"ledger{next(_NUMBERS)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as base:
            base.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Cluster:
    """Return the worker's server; it is the same wherever this fixture is imported."""
    if not BINARIES:
        pytest.fail("PostgreSQL is missing: sudo apt-get install postgresql")
    one = pytestconfig.stash.get(_CLUSTER, None)
    if one is None:
        # pytest's folders belong to root alone, and a socket's path must be short.
        one = Cluster(Path(tempfile.mkdtemp(prefix="tramdo-pg-", dir="/tmp")))
        pytestconfig.add_cleanup(one.end)
        one.start()
        pytestconfig.stash[_CLUSTER] = one
    return one


@pytest.fixture
def postgres(cluster: Cluster) -> str:
    """Return the URL of a fresh database."""
    return cluster.fresh()
