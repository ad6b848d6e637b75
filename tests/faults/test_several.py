"""Some rounds of what may happen to several processes on one PostgreSQL; `python -m benchmarks
faults` runs many."""

from pathlib import Path

import pytest

from tests.postgres import Databases, Server
from tests.postgres import databases as databases
from tests.postgres import running as running

from .clock import mislead
from .outage import OUTAGES, PROCESSES, interrupt
from .several import LANES, Found
from .shim import compiler
from .takeover import Fault, kill_one, stop_one


def check(found: Found, rounds: int) -> None:
    """What holds whatever happened."""
    assert found.rounds >= rounds
    assert found.answered > found.rounds * len(LANES)
    assert found.lost == []
    assert found.out_of_order == []
    assert found.others == []
    assert found.ended == 0


@pytest.mark.parametrize("fault", [kill_one, stop_one])
async def test_when_one_of_three_is_killed_or_stops_the_others_deliver_all(
    tmp_path: Path, databases: Databases, fault: Fault
) -> None:
    found = Found()
    await fault(tmp_path, databases.fresh(), found, rounds=1, seed=4)
    check(found, 1)
    assert max(found.repeated, default=0) <= 1
    assert found.seconds, "some lanes were its own"
    assert (found.late > 0) is (fault is stop_one), "it comes too late, and disturbs nothing"


async def test_a_server_that_goes_away_and_comes_back_costs_no_push_and_no_process(
    tmp_path: Path, running: Server
) -> None:
    found = Found()
    await interrupt(tmp_path, running, found, rounds=len(OUTAGES), seed=4)
    check(found, len(OUTAGES))
    assert len(found.seconds) == len(OUTAGES) * PROCESSES, "each took pushes again each time"


@pytest.mark.skipif(compiler() is None, reason="needs Linux and a C compiler: the preloaded clock")
async def test_processes_whose_clocks_are_wrong_take_nothing_away_and_expire_nothing(
    tmp_path: Path, databases: Databases
) -> None:
    found = Found()
    await mislead(tmp_path, databases.fresh(), found, rounds=2, seed=4)
    check(found, 2)
    assert found.repeated == []
    assert found.late == 0
