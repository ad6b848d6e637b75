"""Some rounds of each fault; `python -m benchmarks faults` runs many."""

import errno
from pathlib import Path

import pytest

from tests.bot import running, until

from .errors import fail
from .kill import LANES, kill
from .power import cut_the_power
from .shim import Shim, compiler

needs_compiler = pytest.mark.skipif(
    compiler() is None, reason="needs Linux and a C compiler: the library that watches the disk"
)
NEVER_SYNCED = """
nonebot.require("nonebot_plugin_report")
from nonebot_plugin_report.store.file import DatabaseFile
DatabaseFile.sync = lambda self: None
"""


async def test_kill_9_under_load_loses_nothing_and_repeats_only_what_was_in_flight(
    tmp_path: Path,
) -> None:
    kills = await kill(tmp_path, rounds=8, seed=7)
    assert len(kills.answered) > kills.rounds
    assert kills.lost == []
    assert kills.out_of_order == 0
    assert len(kills.repeated) <= kills.rounds * LANES
    assert max(kills.repeated, default=0) <= 1, "what may repeat is what was being sent"


@needs_compiler
async def test_a_power_cut_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    cuts = await cut_the_power(tmp_path, pushes=360, points=25, seed=3)
    assert cuts.checkpoints > 0, "the cuts should meet the log being copied, too"
    assert cuts.damaged == []
    assert cuts.lost == []


@needs_compiler
async def test_a_store_that_does_not_wait_for_the_disk_would_be_found_out(tmp_path: Path) -> None:
    cuts = await cut_the_power(tmp_path, pushes=60, points=10, seed=3, extra=NEVER_SYNCED)
    assert cuts.lost


@needs_compiler
async def test_a_disk_that_fails_at_any_moment_is_no_success(tmp_path: Path) -> None:
    failures = await fail(tmp_path, step=5)
    assert failures.refused > 0
    assert failures.others == []
    assert failures.lost == []


@needs_compiler
async def test_a_disk_that_becomes_read_only_is_said_so_and_used_again_later(
    tmp_path: Path,
) -> None:
    for name in ("data", "beside"):
        (tmp_path / name).mkdir()
    shim = Shim(tmp_path / "data", tmp_path / "beside")
    settings = {"report_database_url": "sqlite:///data/report.db"}
    shim.fail(0, -1, errno.EROFS)
    async with running(tmp_path, settings=settings, environment=shim.environment) as bot:
        assert "只读" in (await bot.push(expect=503, content="x"))["error"]
        shim.heal()

        async def works() -> bool:
            return (await bot.health())["status"] == "ok"

        await until(works)
        await bot.push(content="x")
        shim.fail(0, -1, errno.EROFS)
        assert "检查磁盘" in (await bot.push(expect=503, content="y"))["error"]
        shim.heal()
        await bot.push(content="z")
        assert "Traceback" not in bot.log
