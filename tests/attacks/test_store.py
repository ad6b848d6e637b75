"""The database's file deleted, shared, read by others; and a store that has grown large."""

import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.attacks.measure import STANDSTILL, least_cost
from tests.bot import Bot, running, until
from tests.integration.test_commands import ask
from tests.onebot import ScriptedV11

FRIEND = "the-friends-own-token"


async def push_until_refused(bot: Bot, accepted: list[str]) -> None:
    """Push; what was answered 200 is noted."""
    async with bot.client() as client:
        while True:
            text = str(len(accepted))
            answer = await client.post("", json={"content": text})
            if answer.status_code == 503:
                return
            assert answer.status_code == 200
            accepted.append(text)


@pytest.mark.parametrize("what", ["the file", "its log", "the folder", "all files"])
async def test_what_was_answered_survives_that_the_database_is_deleted(
    tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "data"
    settings = {"report_database_url": f"sqlite:///{folder}/report.db"}
    async with running(tmp_path, settings=settings) as bot:
        accepted: list[str] = []
        for number in range(5):
            await bot.push(content=str(number))
            accepted.append(str(number))
        match what:
            case "the file":
                (folder / "report.db").unlink()
            case "its log":
                (folder / "report.db-wal").unlink()
            case "the folder":
                shutil.rmtree(folder)
            case _:
                for file in folder.iterdir():
                    file.unlink()
        await push_until_refused(bot, accepted)
        assert len(accepted) == 5, "nothing is answered 200 from here on"

        async def works() -> bool:
            return (await bot.health())["status"] == "ok"

        await until(works)
        await bot.push(content="5")
        assert bot.log.count("内容没有丢") == 1
        assert "Traceback" not in bot.log
        await bot.end()
        await bot.start()
        async with ScriptedV11(url=bot.onebot_v11) as qq:

            async def all_there() -> bool:
                texts = [one.text for one in qq.messages]
                return {*accepted, "5"} <= set(texts)

            await until(all_there)
            answered = [one.text for one in qq.messages if one.text in accepted]
            assert answered == accepted, "in order, each once"


async def test_another_file_in_its_place_is_not_overwritten(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.push(content="1")
        other = tmp_path / "other.db"
        with sqlite3.connect(other) as conn:
            conn.execute("CREATE TABLE mine (x)")
        conn.close()
        other.replace(bot.database)
        async with bot.client() as client:
            assert (await client.post("", json={"content": "2"})).status_code == 503

        async def works() -> bool:
            return (await bot.health())["status"] == "ok"

        await until(works)
        (copy,) = tmp_path.glob("report.db.kept-*")
        for file, query in (
            (bot.database, "SELECT count(*) FROM mine"), (copy, "SELECT count(*) FROM report"),
        ):  # fmt: skip
            with sqlite3.connect(file) as conn:
                conn.execute(query)
            conn.close()


async def test_rubbish_in_its_place_is_left_alone_and_what_was_there_is_kept(
    tmp_path: Path,
) -> None:
    rubbish = "别人的文件".encode() * 500
    async with running(tmp_path) as bot:
        await bot.push(content="1")
        other = tmp_path / "other"
        other.write_bytes(rubbish)
        other.replace(bot.database)
        async with bot.client() as client:

            async def no_database() -> bool:
                answer = await client.post("", json={"content": "2"})
                assert answer.status_code == 503
                return "里不是数据库；停掉机器人，把它移到别处留着" in answer.text

            await until(no_database)
        assert bot.log.count("运行中被换成了另一个文件；原来的内容存在") == 1
        assert bot.log.count("收不下推送，会继续尝试：数据库文件里不是数据库") == 1
        assert "Traceback" not in bot.log
        assert bot.database.read_bytes() == rubbish
        (kept,) = tmp_path.glob("report.db.kept-*")
        await bot.end()
        kept.replace(bot.database)  # what its user will want to do
        await bot.start()
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            assert [one.text for one in await qq.wait_for(1)] == ["1"]


@pytest.mark.parametrize("how", ["overwritten", "cut short"])
async def test_a_file_that_was_damaged_meanwhile_is_left_as_it_is(tmp_path: Path, how: str) -> None:
    bot = Bot(tmp_path)
    await bot.start()
    await bot.push(content="1")
    await bot.end()
    whole = bot.database.read_bytes()
    half = len(whole) // 2
    damaged = whole[:half] + bytes(half if how == "overwritten" else 0)
    bot.database.write_bytes(damaged)
    async with running(tmp_path) as bot:
        refused = await bot.push(expect=503, content="2")
        assert "损坏了；停掉机器人，把它移到别处留着" in refused["error"]
        assert bot.log.count("收不下推送，会继续尝试：数据库文件损坏了") == 1
        assert "Traceback" not in bot.log
    assert bot.database.read_bytes() == damaged


@pytest.mark.parametrize("link", ["symbolic", "hard"])
async def test_a_second_bot_on_the_file_by_another_name_is_refused(
    tmp_path: Path, link: str
) -> None:
    async with running(tmp_path / "a") as first:
        await first.push(content="1")
        name = tmp_path / "elsewhere.db"
        if link == "hard":
            name.hardlink_to(first.database)
        else:
            name.symlink_to(first.database)
        settings = {"report_database_url": f"sqlite:///{name}"}
        async with running(tmp_path / "b", settings=settings) as second:
            refused = await second.push(expect=503, content="x")
            assert "另一个进程" in refused["error"]


async def test_nobody_else_on_the_machine_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings = {"report_database_url": f"sqlite:///{folder}/report.db"}
    async with running(tmp_path, settings=settings) as bot:
        await bot.push(content="1")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for file in folder.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


async def test_nor_its_folder_where_no_other_is_named(tmp_path: Path) -> None:
    settings = {"report_database_url": "", "localstore_use_cwd": True}
    async with running(tmp_path, settings=settings) as bot:
        await bot.push(content="1")
        folder = tmp_path / "data" / "nonebot_plugin_report"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for file in folder.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


async def test_files_that_everybody_could_read_no_longer_can_be(tmp_path: Path) -> None:
    bot = Bot(tmp_path)
    await bot.start()
    await bot.push(content="1")
    await bot.end()
    bot.database.chmod(0o644)
    await bot.start()
    await bot.push(content="2")
    for file in tmp_path.glob("report.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    await bot.end()


async def test_a_friend_who_uses_the_owners_id_first_takes_nothing_and_learns_nothing(
    tmp_path: Path,
) -> None:
    tokens = {"friend": {"token": FRIEND, "to": ["private:20001"]}}
    async with (
        running(tmp_path, settings={"report_tokens": tokens}) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        async with bot.client(FRIEND) as friend:
            theirs = (await friend.post("", json={"content": "mine", "id": "backup"})).json()
            assert theirs["status"] == "accepted"
            owners = await bot.push(content="owner's", id="backup")
            assert owners["status"] == "accepted"
            assert owners["id"] != theirs["id"]
            assert (await bot.push(content="owner's", id="backup"))["id"] == owners["id"]
            again = (await friend.post("", json={"content": "mine", "id": "backup"})).json()
            assert (again["status"], again["id"]) == ("duplicate", theirs["id"])
            assert (await friend.get("/backup")).json()["id"] == theirs["id"]
        assert (await bot.state("backup"))[0]["target"] == "private:10001"
        arrived = {one.target for one in await qq.wait_for(2)}
        assert arrived == {"private:10001", "private:20001"}


async def test_a_large_store_keeps_nobody_waiting(tmp_path: Path) -> None:
    bot = Bot(tmp_path, settings={"report_bind": ["friends"]})
    await bot.start()
    async with ScriptedV11(url=bot.onebot_v11) as qq:
        assert "绑定好了" in await ask(qq, "20002", "/推送绑定")
        await bot.push(content="1")
        await qq.wait_for(3)
    await bot.end()
    grow(bot.database, 300_000)
    await bot.start()
    async with ScriptedV11(url=bot.onebot_v11) as qq:

        async def look() -> None:
            assert await ask(qq, "20002", "/推送 最近") == "还没有推送"
            await ask(qq, "10001", "/推送 最近")
            await ask(qq, "10001", "/推送 状态")
            await bot.push(content="x", event="nothing.end")
            await bot.health()

        cost = await least_cost(bot, look)
        assert cost.waited <= STANDSTILL
    await bot.end()


def grow(database: Path, reports: int) -> None:
    """Copy the one report that is there many times over."""
    count = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {reports})"
    made = "substr(id, 1, 4) || printf('%016d', i)"
    with sqlite3.connect(database) as conn:
        for table, new in (
            ("report", {"id": made, "key": "NULL"}),
            ("delivery", {"id": made, "report_id": made, "state": "'delivered'"}),
        ):
            columns = [row[1] for row in conn.execute(f"PRAGMA table_info({table})")]
            values = ", ".join(new.get(one, f'"{one}"') for one in columns)
            source = f"(SELECT * FROM {table} ORDER BY id DESC LIMIT 1)"
            conn.execute(f"INSERT INTO {table} {count} SELECT {values} FROM n, {source}")
    conn.close()
