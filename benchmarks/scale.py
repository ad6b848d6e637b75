"""Several processes on one PostgreSQL, beside one process on SQLite, and beside procrastinate."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import procrastinate
import psycopg

from tests.postgres import Server, programs, start, stop

from . import figures
from .processes import Child, cpu_of_family
from .remote import Remote
from .setting import bot, remote

CONNECTIONS = 12
TARGETS = tuple(str(10001 + number) for number in range(CONNECTIONS))
ROUNDS = 7
SETTLE_SECONDS = 0.1
"""After a round, so that what is written down after the last delivery counts in it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is measured."""

    name: str
    bot: str
    """As `benchmarks.bot` calls it."""
    processes: int = 1
    shared: bool = True
    """It uses PostgreSQL."""


SQLITE = Kind("one process, SQLite", "ours", shared=False)
APART = Kind("three processes, an SQLite each", "ours", 3, shared=False)
"""What this machine has for three processes: they share nothing but its processors."""
ONE = Kind("one process, PostgreSQL", "ours")
THREE = Kind("three processes, PostgreSQL", "ours", 3)
JOBS = Kind("procrastinate, one process", "jobs")
MORE_JOBS = Kind("procrastinate, three processes", "jobs", 3)
KINDS = (SQLITE, APART, ONE, THREE, JOBS, MORE_JOBS)
OURS = (SQLITE, APART, ONE, THREE)


@dataclass(frozen=True, slots=True)
class Case:
    """What is pushed in a round."""

    name: str
    count: int
    kinds: Sequence[Kind]
    spread: bool
    """Each target's pushes come to all processes, as through a load balancer."""
    screenshot: bool = False

    def plan(self) -> list[list[object]]:
        """What each connection pushes."""
        of_each = range(self.count // CONNECTIONS)
        return [
            [TARGETS[(first + self.spread * number) % CONNECTIONS] for number in of_each]
            for first in range(CONNECTIONS)
        ]


CASES = (
    Case("small, each target's to any process", 600, KINDS, spread=True),
    Case("small, each target's to one process", 600, OURS, spread=False),
    Case("screenshot, each target's to any process", 96, OURS, spread=True, screenshot=True),
)


@dataclass(slots=True)
class Measured:
    """One kind in one case."""

    rates: list[float] = field(default_factory=list[float])
    """Pushes a second of each round."""
    cpu: float = 0.0
    """CPU seconds of the bots' processes."""
    server_cpu: float = 0.0
    """CPU seconds of PostgreSQL's processes."""
    log: int = 0
    """Bytes of its write-ahead log."""


class Bench:
    """The processes, all of them ready."""

    def __init__(
        self, pusher: Remote, onebot: Remote, server: Server, bots: Mapping[Kind, Sequence[Child]]
    ) -> None:
        self.bots = bots
        self._pusher, self._onebot = pusher, onebot
        self._server = int((server.data / "postmaster.pid").read_text().splitlines()[0])
        """The first of its processes."""
        self._asks = psycopg.connect(server.url, autocommit=True)

    def measure(self, kind: Kind, case: Case, into: Measured) -> None:
        """One round."""
        before = self._used(kind)
        into.rates.append(self._rate(kind, case))
        time.sleep(SETTLE_SECONDS)
        after = self._used(kind)
        into.cpu += after[0] - before[0]
        into.server_cpu += after[1] - before[1]
        into.log += after[2] - before[2]

    def _rate(self, kind: Kind, case: Case) -> float:
        first, *others = (child.port for child in self.bots[kind])
        self._onebot.call("expect", name=kind.name, count=case.count)
        times = self._pusher.call(
            "push", port=first, others=others, plan=case.plan(), screenshot=case.screenshot
        )
        ended = max(*(answered for _, answered in times), self._onebot.call("wait", name=kind.name))
        return case.count / (ended - times[0][0])

    def _used(self, kind: Kind) -> tuple[float, float, int]:
        """CPU seconds of a kind's processes and of the server's, bytes of the server's log."""
        cpu = sum(child.cpu_seconds() or 0.0 for child in self.bots[kind])
        found = self._asks.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
        assert found
        return cpu, cpu_of_family(self._server), int(found[0])


def run(folder: Path) -> None:
    """Measure every case and print it."""
    if programs() is None:
        figures.line("several processes", "need PostgreSQL's programs on this machine")
        return
    with ExitStack() as stack:
        server = stack.enter_context(_server(folder))
        pusher = stack.enter_context(remote("pusher", folder))
        onebot = stack.enter_context(remote("onebot", folder))
        bots = {kind: _bots(stack, kind, folder, server, onebot) for kind in KINDS}
        bench = Bench(pusher, onebot, server, bots)
        figures.heading(f"Several processes: {CONNECTIONS} connections and targets")
        for case in CASES:
            _report(case, _measure(bench, case))


@contextmanager
def _server(folder: Path) -> Iterator[Server]:
    """A PostgreSQL server with its defaults."""
    data = folder / "postgres"
    server = Server(data, start(data, durable=True))
    try:
        yield server
    finally:
        stop(data)


def _bots(
    stack: ExitStack, kind: Kind, folder: Path, server: Server, onebot: Remote
) -> list[Child]:
    settings = _database(server.url, kind) if kind.shared else {}
    started: list[Child] = []
    for number in range(kind.processes):
        own = folder / f"{KINDS.index(kind)}-{number}"
        own.mkdir()
        started.append(stack.enter_context(bot(kind.bot, own, **settings)))
    for number, child in enumerate(started):
        onebot.call("join", name=kind.name, port=child.port, another=number > 0)
    return started


def _database(url: str, kind: Kind) -> dict[str, object]:
    """Settings with a database of a kind's own."""
    name = f"benchmark_{KINDS.index(kind)}"
    address = f"{url.rpartition('/')[0]}/{name}"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())
    if kind.bot == "ours":
        return {"report_database_url": address}
    connector = procrastinate.SyncPsycopgConnector(conninfo=address)
    with procrastinate.App(connector=connector).open() as queue:
        queue.schema_manager.apply_schema()
    return {"jobs_database": address, "jobs_side_by_side": CONNECTIONS}


def _measure(bench: Bench, case: Case) -> dict[Kind, Measured]:
    """Rounds in turns. The order changes with the round, so that drift hits all alike."""
    measured = {kind: Measured() for kind in case.kinds}
    for kind in case.kinds:
        bench.measure(kind, case, Measured())  # warms up
    for number in range(ROUNDS):
        turn = number % len(case.kinds)
        for kind in (*case.kinds[turn:], *case.kinds[:turn]):
            bench.measure(kind, case, measured[kind])
    return measured


def _report(case: Case, measured: Mapping[Kind, Measured]) -> None:
    print(f"\n{case.name} ({ROUNDS} rounds of {case.count})")
    for kind, one in measured.items():
        count = ROUNDS * case.count
        costs = f"{one.cpu / count * 1000:.2f}"
        if kind.shared:
            costs += f" + {one.server_cpu / count * 1000:.2f}"
        more = f", {one.log / count / 1024:.1f} KiB of log" if kind.shared else ""
        figures.line(
            f"  {kind.name}: pushes/s", f"{figures.spread(one.rates)}, {costs} ms of CPU{more}"
        )
    rate = {kind: median(one.rates) for kind, one in measured.items()}
    figures.at_least("  three on PostgreSQL / one on SQLite", rate[THREE] / rate[SQLITE], 1.0)
    figures.line("  three on PostgreSQL / three apart", f"{rate[THREE] / rate[APART]:.2f}")
    if JOBS in rate:
        figures.line("  ours / procrastinate, one process", f"{rate[ONE] / rate[JOBS]:.2f}")
        figures.line("  the same, three processes", f"{rate[THREE] / rate[MORE_JOBS]:.2f}")
