"""Rows with rubbish in them, a disk that is full, and a process that shares all that it writes: the
doors, the page and the chat go on, and say what is wrong."""

import errno
import os
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx2
import pytest

from tests.bot import TOKEN, Bot, running, until
from tests.integration.test_commands import OWNER, ask
from tests.onebot import ScriptedV11

RUBBISH = (
    "UPDATE report SET fields = '{' WHERE heading = 'report 0'",
    "UPDATE report SET fields = x'ff00', text = x'ff' WHERE heading = 'report 1'",
    "UPDATE report SET received_at = 'soon', event = 7 WHERE heading = 'report 2'",
    "UPDATE delivery SET state = 'lost' WHERE report_id = (SELECT id FROM report"
    " WHERE heading = 'report 3')",
    "UPDATE delivery SET finished_at = 'then', attempts = 'many' WHERE report_id ="
    " (SELECT id FROM report WHERE heading = 'report 4')",
)
PATHS = ("reports", "reports?words=report", "reports.csv", "reports.zip", "state", "charts",
         "known", "findings", "rules")  # fmt: skip


@asynccontextmanager
async def owner_of(bot: Bot) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client that is logged in to a bot's page."""
    async with bot.client(None) as client:
        client.headers["Origin"] = f"http://127.0.0.1:{bot.port}"
        entered = await client.post("/page/session", json={"token": TOKEN})
        assert entered.status_code == 200, entered.text
        yield client


async def test_rows_with_rubbish_in_them_stop_no_door_no_page_and_no_chat(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            ids = [(await bot.push(title=f"report {number}"))["id"] for number in range(6)]
            await qq.wait_for(6)
            await bot.until_state(ids[-1], "delivered")
        await bot.end()
        with closing(sqlite3.connect(bot.database)) as conn, conn:
            for statement in RUBBISH:
                assert conn.execute(statement).rowcount == 1, statement
        await bot.start()
        async with ScriptedV11(url=bot.onebot_v11) as qq, owner_of(bot) as owner:
            for path in PATHS:
                answer = await owner.get(f"/page/{path}")
                assert answer.status_code == 200, (path, answer.text)
            for report_id in ids:
                assert (await owner.get(f"/page/reports/{report_id}")).status_code in (200, 404)
                assert (await owner.get(f"/{report_id}?token={TOKEN}")).status_code in (200, 404)
            for path in ("health?detail", "metrics"):
                assert (await owner.get(path, params={"token": TOKEN})).status_code == 200, path
            assert "report 5" in await ask(qq, OWNER, "/推送 最近 20")
            assert await ask(qq, OWNER, "/推送 状态")
            before = len(qq.messages)
            await bot.push(title="next")

            async def arrived() -> bool:
                return any(message.text == "next" for message in qq.messages[before:])

            await until(arrived)
        assert "Traceback" not in bot.log


async def test_a_process_that_would_share_its_files_shares_none_of_ours(tmp_path: Path) -> None:
    async with running(tmp_path, before=lambda: os.umask(0) and None) as bot:
        await bot.push(title="x")
        ours = [path for path in tmp_path.iterdir() if path.name.startswith(bot.database.name)]
        assert bot.database in ours
        assert {path.name: oct(path.stat().st_mode & 0o077) for path in ours} == {
            path.name: "0o0" for path in ours
        }


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of its own with 48 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "report-test", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path: Path) -> None:
    """Write to a file until its disk is full."""
    try:
        with path.open("wb", buffering=0) as file:
            while file.write(bytes(2**20)):
                pass
    except OSError as error:
        assert error.errno == errno.ENOSPC, error


async def test_a_full_disk_refuses_pushes_and_leaves_the_page_readable(small_disk: Path) -> None:
    filler = small_disk / "filler"
    async with running(small_disk) as bot:
        await bot.push(title="before")
        async with owner_of(bot) as owner:
            fill(filler)
            refused = 0
            for number in range(40):  # what is left in the file's last pages may take a few
                answer = await owner.post(f"?token={TOKEN}", json={"title": f"{number}" * 2000})
                assert answer.status_code in (200, 503), answer.text
                assert answer.status_code == 200 or "磁盘" in answer.text
                refused += answer.status_code == 503
            assert refused > 0
            listed = await owner.get("/page/reports")
            assert listed.status_code == 200, listed.text
            assert "before" in listed.text
            for path in ("test", "mute"):
                assert (await owner.post(f"/page/{path}", json={})).status_code != 500
            filler.unlink()

            async def taken() -> bool:
                answer = await owner.post(f"?token={TOKEN}", json={"title": "after"})
                return answer.status_code == 200

            await until(taken)
