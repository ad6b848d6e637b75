"""Some rounds of each fault; `python -m benchmarks faults` runs many."""

import asyncio
import errno
import os
import sys
from pathlib import Path
from random import Random

import pytest

from nonebot_plugin_report.model.delivery import Outgoing
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.target import Target
from tests.bot import running, until
from tests.outbox.fakes import world

from .disk import Disk
from .errors import fail
from .kill import LANES, kill
from .power import cut_the_power
from .shim import Shim, compiler

needs_compiler = pytest.mark.skipif(
    compiler() is None, reason="needs Linux and a C compiler: the library that watches the disk"
)
ME = Target("private", "10001")
NEVER_SYNCED = """
nonebot.require("nonebot_plugin_report")
from nonebot_plugin_report.store import sqlite
set_pragma = sqlite.set_pragma
sqlite.set_pragma = lambda conn, pragma, value: set_pragma(conn, pragma, "OFF")
"""


async def test_kill_9_under_load_loses_nothing_and_repeats_only_what_was_in_flight(
    tmp_path: Path,
) -> None:
    kills = await kill(tmp_path, rounds=4, seed=7)
    assert len(kills.answered) > kills.rounds
    assert kills.lost == []
    assert kills.out_of_order == 0
    assert len(kills.repeated) <= kills.rounds * LANES
    assert max(kills.repeated, default=0) <= 1, "what may repeat is what was being sent"


@needs_compiler
async def test_a_power_cut_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    cuts = await cut_the_power(tmp_path, pushes=360, points=12, seed=3)
    assert cuts.copied_pages > 0, "the cuts should meet the log being copied, too"
    assert cuts.damaged == []
    assert cuts.lost == []


@needs_compiler
async def test_a_store_that_does_not_wait_for_the_disk_would_be_found_out(tmp_path: Path) -> None:
    cuts = await cut_the_power(tmp_path, pushes=60, points=10, seed=3, extra=NEVER_SYNCED)
    assert cuts.lost


@needs_compiler
async def test_a_backup_that_is_done_is_whole_after_a_power_cut(tmp_path: Path) -> None:
    kept, beside, after = (tmp_path / name for name in ("kept", "beside", "after"))
    for folder in (kept, beside, after):
        folder.mkdir()
    async with world(tmp_path / "report.db") as w:
        pictures = tuple(Image(data, "image/png", 1, 1) for data in (bytes(9999), b"1" * 99_999))
        report = Report(content="x", images=pictures)
        await w.outbox.accept(report, [Outgoing(ME, Message("x", pictures))])
        (tmp_path / ".env").write_text("REPORT_DATABASE_URL=sqlite:///report.db")
        shim = Shim(kept, beside)
        command = (sys.executable, "-m", "nonebot_plugin_report", "backup", "kept/report.db")
        environment = {**os.environ, **shim.environment}
        process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, env=environment)
        assert await process.wait() == 0
    disk = Disk(kept)
    for record in shim.records():
        disk.do(record)
    disk.cut(after, Random(0))

    def files(folder: Path) -> dict[Path, bytes]:
        found = (one for one in folder.rglob("*") if one.is_file())
        return {one.relative_to(folder): one.read_bytes() for one in found}

    assert [file.name for file in files(kept)] == ["report.db"]
    assert files(after) == files(kept)


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
