"""Whether a store of a million reports costs a new one anything.

The history is made in SQL out of a few reports that the plugin itself stored, so it has the
plugin's own tables, indexes and values; only ids and times differ.
"""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from statistics import median

from nonebot_plugin_report.store.ids import first_id

from . import figures
from .processes import Child
from .remote import Remote
from .setting import bot, database, remote

REPORTS = 1_000_000
SEEDS = 8
DAYS = 29
"""The history's length: all of it is within REPORT_RETENTION, so that nothing of it is pruned."""
COUNT = 800
ROUNDS = 15
TARGETS = ("10001", "10002", "10003", "10004")
KINDS = ("empty", "full")

_TIME = ":began + :step * n"
_ID = f"benchmark_id({_TIME})"
_NUMBERS = "WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number LIMIT :count) "
_OWN: dict[str, dict[str, str]] = {
    # A report and its delivery may have the same id: they are in two tables.
    "report": {"id": _ID, "received_at": _TIME},
    "delivery": {
        "id": _ID, "report_id": _ID, "created_at": _TIME, "expires_at": f"{_TIME} + 86400",
        "finished_at": f"{_TIME} + 1",
    },
}  # fmt: skip
"""What a copy does not have of its seed."""


def run(folder: Path) -> None:
    """Measure and print."""
    folders = {kind: folder / kind for kind in KINDS}
    for own in folders.values():
        own.mkdir()
    with remote("pusher", folder) as pusher, remote("onebot", folder) as onebot:
        figures.heading(f"Store: {REPORTS:,} delivered reports, against none")
        seconds = fill(pusher, onebot, folders["full"], REPORTS)
        size = database(folders["full"]).stat().st_size / figures.MIB
        print(f"filled in {seconds:.0f} s, {size:,.0f} MiB", flush=True)
        with bot("ours", folders["empty"]) as empty, bot("ours", folders["full"]) as full:
            _report(pusher, onebot, {"empty": empty, "full": full})


def _report(pusher: Remote, onebot: Remote, bots: dict[str, Child]) -> None:
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for kind, child in bots.items():
        onebot.call("join", name=kind, port=child.port)
        figures.line(f"  {kind}: start until the port is open", f"{child.started_in:.2f} s")
    for number in range(ROUNDS + 1):
        for kind in KINDS if number % 2 else KINDS[::-1]:
            seconds = _round(pusher, onebot, kind, bots[kind])
            if number:  # the first round warms up
                times[kind].append(seconds)
    for kind, measured in times.items():
        rates = [COUNT / one for one in measured]
        figures.line(f"  {kind}: pushes/s, median (least to most)", figures.spread(rates))
    ratio = median(times["full"]) / median(times["empty"])
    figures.at_most("  time with a full store / with an empty one", ratio, 1.2)


def _round(pusher: Remote, onebot: Remote, name: str, child: Child, count: int = COUNT) -> float:
    """Seconds until so many small pushes were answered and delivered."""
    plan = [[target] * (count // len(TARGETS)) for target in TARGETS]
    onebot.call("expect", name=name, count=count)
    times = pusher.call("push", port=child.port, plan=plan, screenshot=False)
    ended = max(*(answered for _, answered in times), onebot.call("wait", name=name))
    return ended - times[0][0]


def fill(pusher: Remote, onebot: Remote, folder: Path, reports: int) -> float:
    """Let the plugin make a store with a few delivered reports, then multiply them to so many.

    Returns the seconds that the second took.
    """
    with bot("ours", folder) as child:
        onebot.call("join", name="seed", port=child.port)
        _round(pusher, onebot, "seed", child, SEEDS)
        child.stop()  # in good order: what was delivered is written down
    began = time.monotonic()
    with closing(sqlite3.connect(database(folder), isolation_level=None)) as connection:
        _multiply(connection, reports)
    return time.monotonic() - began


def _multiply(connection: sqlite3.Connection, reports: int) -> None:
    connection.create_function("benchmark_id", 1, first_id, deterministic=True)
    connection.execute("PRAGMA synchronous = OFF")
    for table in ("report", "delivery"):
        connection.execute(
            f"CREATE TEMP TABLE seed_{table} AS SELECT row_number() OVER () - 1 AS seed, * "
            f"FROM {table} ORDER BY id"
        )
    seeds, undelivered = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE state != 'delivered') FROM seed_delivery"
    ).fetchone()
    assert (seeds, undelivered) == (SEEDS, 0), "the seeds were not all delivered"
    length = DAYS * 86400
    values = {
        "count": reports - SEEDS, "seeds": SEEDS, "began": time.time() - length,
        "step": length / reports,
    }  # fmt: skip
    connection.execute("BEGIN")
    for table, own in _OWN.items():
        columns: list[str] = [one[1] for one in connection.execute(f"PRAGMA table_info({table})")]
        copied = ", ".join(own.get(column, column) for column in columns)
        connection.execute(
            f"{_NUMBERS} INSERT INTO {table} ({', '.join(columns)}) SELECT {copied} "
            f"FROM number JOIN seed_{table} ON seed = n % :seeds",
            values,
        )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
