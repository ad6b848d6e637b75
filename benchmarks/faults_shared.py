"""What is left after faults of several processes on one PostgreSQL: the rounds of `tests/faults`,
many times over, in groups side by side, since most of a round is spent waiting for a lease."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from tests.faults.clock import mislead
from tests.faults.outage import interrupt
from tests.faults.several import Found
from tests.faults.shim import compiler
from tests.faults.takeover import Fault, kill_one, stop_one
from tests.postgres import Server, own_server, programs

from . import figures

GROUPS = 4
KILLS, STOPS = 200 // GROUPS, 52 // GROUPS
"""Rounds of each group."""
OUTAGES = 52
CLOCKS = 25
TAKE_OVER = 15.0
"""Seconds."""
BACK = 5.0
"""Seconds."""

Rounds = Callable[[Path, str, Found, int], Awaitable[None]]
"""In a folder, on a database; what is found is added. The number tells groups apart."""


def run(folder: Path) -> None:
    """Make all faults and print what was found."""
    if programs() is None:
        figures.line("several processes", "need PostgreSQL's programs")
        return
    with own_server() as server:
        figures.heading(
            f"three processes on one PostgreSQL, one killed -9; {KILLS * GROUPS} rounds"
        )
        take_over(folder / "kill", server, kill_one, KILLS)
        figures.heading(
            f"one of three stopped past its leases, then going on; {STOPS * GROUPS} rounds"
        )
        take_over(folder / "stop", server, stop_one, STOPS)
        outages(folder, server)
        if compiler() is not None:
            clocks(folder, server)


def take_over(folder: Path, server: Server, fault: Fault, rounds: int) -> None:
    """Others go on in the lanes of one that is killed or stopped."""
    found = _side_by_side(
        folder, server,
        lambda own, url, found, number: fault(own, url, found, rounds=rounds, seed=number),
    )  # fmt: skip
    _print(found, 1)
    _took("until others sent in its lanes", found, TAKE_OVER)
    figures.line("its outcomes that were refused", f"{found.late}")


def outages(folder: Path, server: Server) -> None:
    """The server, or the way to it."""
    figures.heading(f"PostgreSQL restarted, killed -9, cut off, stalled; {OUTAGES} rounds")
    found = Found()
    asyncio.run(interrupt(_made(folder / "outages"), server, found, rounds=OUTAGES, seed=1))
    _print(found)
    _took("until each process took pushes again", found, BACK)


def clocks(folder: Path, server: Server) -> None:
    """Clocks that are wrong."""
    figures.heading(f"clocks two hours ahead, behind, and jumping; {CLOCKS} rounds")
    found, url = Found(), server.database("clocks")
    asyncio.run(mislead(_made(folder / "clocks"), url, found, rounds=CLOCKS, seed=1))
    _print(found)
    figures.at_most("lanes taken over, deliveries expired", found.late, 0)


def _side_by_side(folder: Path, server: Server, rounds: Rounds) -> Found:
    """What groups of processes found together, each on a database of its own."""
    found = Found()

    async def all_groups() -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(GROUPS):
                own = _made(folder / str(number))
                url = server.database(f"{folder.name}_{number}")
                tasks.create_task(_one(rounds(own, url, found, number)))

    asyncio.run(all_groups())
    return found


async def _one(group: Awaitable[None]) -> None:
    await group


def _print(found: Found, limit: int | None = None) -> None:
    """`limit`: repeats of one lane and round that there may be."""
    figures.line("answered 200; 503", f"{found.answered:,}; {found.refused:,}")
    figures.at_most("answered neither", len(found.others), 0)
    figures.at_most("answered 200 and lost", len(found.lost), 0)
    figures.at_most("out of order", len(found.out_of_order), 0)
    figures.line("arrived twice", f"{sum(found.repeated):,}")
    most = max(found.repeated, default=0)
    if limit is None:
        figures.line("most of one lane and round", f"{most}")
    else:
        figures.at_most("most of one lane and round", most, limit)
    figures.at_most("processes that ended, or had an error", found.ended, 0)


def _took(name: str, found: Found, most: float) -> None:
    figures.line(f"{name}: times, median", f"{len(found.seconds)}; {median(found.seconds):.1f} s")
    figures.at_most("longest", max(found.seconds), most, "s")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
