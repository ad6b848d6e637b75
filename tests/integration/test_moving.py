"""A store moves to another engine and back, whole; its backup is made while a bot uses it."""

import asyncio
import base64
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nonebot_plugin_report.errors import StoreUnavailable
from nonebot_plugin_report.model.delivery import Outgoing
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.store import Store
from nonebot_plugin_report.store.moving import Moved
from nonebot_plugin_report.store.moving import move as move_store
from tests.bot import running as a_bot
from tests.bot import until
from tests.dialects import jpeg
from tests.onebot import ScriptedV11
from tests.outbox.fakes import world
from tests.outbox.places import Place, rows
from tests.postgres import Databases
from tests.postgres import databases as databases

from .test_cli import command

TABLES = ("report", "delivery", "lane", "mute", "binding", "session", "link", "watch", "unread",
          "spent", "image")  # fmt: skip


def url(place: Place) -> str:
    return f"sqlite:///{place}" if isinstance(place, Path) else place


def content(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that is moved, by table."""
    return {name: _sorted(place, f"SELECT {_columns(place, name)} FROM {name}") for name in TABLES}


def _sorted(place: Place, query: str) -> list[tuple[Any, ...]]:
    return sorted(rows(place, query), key=repr)


def _columns(place: Place, table: str) -> str:
    """By name: an older store has them in another order."""
    if isinstance(place, Path):
        names = rows(place, f"SELECT name FROM pragma_table_info('{table}')")
    else:
        names = rows(place, "SELECT column_name FROM information_schema.columns "
                            f"WHERE table_name = '{table}'")  # fmt: skip
    return ", ".join(sorted(f'"{name}"' for (name,) in names))


async def used(folder: Path) -> Path:
    """A store that a bot has used: what was sent, what waits, pictures, a watch."""
    settings = {"report_watch": [{"expect": "x", "within": "1h", "after": "domain.end"}]}
    async with a_bot(folder, settings=settings) as bot, ScriptedV11(url=bot.onebot_v11):
        for number in range(3):
            sent = await bot.push(
                content=f"已发 {number}", screenshot=shot(number), id=f"k{number}"
            )
            await bot.until_state(sent["id"], "delivered")
        async with ScriptedV11(url=bot.onebot_v11, self_id="99999"):
            await bot.health()
        waits = await bot.push(content="等着 ' \\ \x00 🎮", send_from="99999", screenshot=shot(9))
        assert waits["deliveries"]
        await bot.end(signal.SIGKILL)  # its lanes are still its own
    return bot.database


async def small(path: Path) -> Path:
    """A store with one delivery that has arrived, two that wait, and a picture."""
    me, group = Target("private", "10001"), Target("group", "777")
    image = Image(jpeg(), "image/jpeg", 8, 4)
    async with world(path) as w:
        first = Message("旧的", (image,))
        await w.outbox.accept(
            Report(images=(image,)), [Outgoing(me, first), Outgoing(group, first)]
        )
        await w.drain(me)
        await w.accept("等着", me)
    return path


def shot(number: int) -> str:
    return base64.b64encode(jpeg() + bytes([number])).decode()


def fill_rest(path: Path) -> None:
    """Rows in the tables that those who pushed here left empty."""
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executescript("""
            INSERT INTO mute VALUES ('group:777', 1800000000.25);
            INSERT INTO binding VALUES ('10002', 'b1', 1790000000.5), ('张三', 'b2', 1.0);
            INSERT INTO session VALUES ('s1', 'user:10001', '浏览器', 1.5, 2.5);
            INSERT INTO link VALUES ('l1', 'user:10001', 3.5);
            INSERT INTO watch VALUES ('x', 1.0, NULL, 2.0, 3.0);
            INSERT INTO unread VALUES ('unifi', 4.5, x'00ff27');
            INSERT INTO spent VALUES ('bind:10002', 5.5), ('bind:10002', 5.5), ('a', 6.5);
        """)


async def move(folder: Path, source: Place, target: Place, *, code: int = 0) -> str:
    got, output = await command(folder, "move", url(source), url(target))
    assert got == code, output
    assert "Traceback" not in output
    return output


async def in_process(source: Place, target: Place) -> Moved:
    return await move_store(source, target, lambda *_: None)


async def test_all_of_it_comes_over_and_back_and_the_bot_goes_on_with_it(
    tmp_path: Path, databases: Databases
) -> None:
    source, server = await used(tmp_path / "old"), databases.fresh()
    fill_rest(source)
    output = await move(tmp_path, source, server)
    assert "核对 ██████████ 100%" in output
    assert "搬完了，逐条核对过：4 条推送（1 条等待送出），4 张图片" in output
    assert server not in output
    before = content(source)
    assert [len(before[name]) for name in ("report", "image", "spent")] == [4, 4, 3]
    assert all(before.values())
    assert content(server) == before
    assert set(rows(server, "SELECT owner FROM lane")) == {(None,)}
    assert "目标里已经有东西" in await move(tmp_path, source, server, code=1)

    back = tmp_path / "back" / "report.db"
    output = await move(tmp_path, server, back)
    assert f"REPORT_DATABASE_URL=sqlite:///{back}" in output
    assert content(back) == before
    async with (
        a_bot(tmp_path / "back") as bot,
        ScriptedV11(url=bot.onebot_v11, self_id="99999") as qq,
    ):
        (sent,) = await qq.wait_for(1)
        assert "等着" in sent.text
        assert sent.images
        again = await bot.push(content="已发 0", screenshot=shot(0), id="k0")
        assert again["status"] == "duplicate"


async def test_while_a_bot_uses_either_end_nothing_is_moved(
    tmp_path: Path, databases: Databases
) -> None:
    server, file = databases.fresh(), await small(tmp_path / "5.db")
    shared = {"report_database_url": server}
    async with a_bot(tmp_path / "one") as one, a_bot(tmp_path / "other", settings=shared) as other:
        await other.push(content="x")
        for source, target, told in (
            (one.database, tmp_path / "new.db", "先停掉机器人，再搬"),
            (server, tmp_path / "new.db", "还有机器人在用这个数据库"),
            (file, one.database, "先停掉机器人，再搬"),
            (file, server, "还有机器人在用这个数据库"),
        ):
            with pytest.raises(StoreUnavailable, match=told):
                await in_process(source, target)
        await other.end()

    async def gone() -> bool:
        return not rows(server, _CONNECTED)

    await until(gone)
    moved = await in_process(server, tmp_path / "new.db")
    assert moved.reports == 1


_CONNECTED = """SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'nonebot-plugin-report'"""


async def test_what_was_killed_in_the_middle_goes_on_where_it_was(
    tmp_path: Path, databases: Databases
) -> None:
    source, server = await small(tmp_path / "report.db"), databases.fresh()
    many = 1200
    with closing(sqlite3.connect(source)) as conn, conn:
        conn.executemany(
            "INSERT INTO report (id, received_at, event, heading, fields, text)"
            " VALUES (?, 1790000000.5, 'x', '', '{}', ?)",
            [(f"07{number:018}", f"文 {number}") for number in range(many)],
        )
    store = Store(server)
    await store.open()
    await store.close()
    made = "SELECT id, xmin::text FROM report ORDER BY id"
    with psycopg.connect(server) as conn:
        conn.execute("LOCK TABLE delivery IN EXCLUSIVE MODE")  # there it stays
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "nonebot_plugin_report", "move", url(source), url(server),
            stdout=asyncio.subprocess.DEVNULL, cwd=tmp_path,
        )  # fmt: skip

        async def there() -> bool:
            assert process.returncode is None
            return len(rows(server, made)) == many + 2

        try:
            await until(there)
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()
    half = rows(server, made)

    async def gone() -> bool:
        return not rows(server, _CONNECTED)

    await until(gone)
    with pytest.raises(StoreUnavailable, match="没有搬完"):
        await store.open()
    other = await small(tmp_path / "other.db")
    with pytest.raises(StoreUnavailable, match="不是从这里来的"):
        await in_process(other, server)

    moved = await in_process(source, server)
    assert moved == Moved(reports=many + 2, waiting=2, pictures=1)
    assert content(server) == content(source)
    assert rows(server, made) == half, "what was there did not come again"
    await store.open()
    await store.close()


async def test_a_source_that_was_used_meanwhile_is_not_mixed_with_what_came_before(
    tmp_path: Path, databases: Databases
) -> None:
    source, server = await small(tmp_path / "report.db"), databases.fresh()
    await in_process(source, server)
    (name,) = (
        value for (value,) in rows(source, "SELECT value FROM meta WHERE name = 'moving_to'")
    )
    with psycopg.connect(server) as conn:  # as if it had not come to its end
        conn.execute("INSERT INTO meta VALUES ('moving_from', %s)", [name])
    store = Store(source)
    await store.open()
    await store.close()
    with pytest.raises(StoreUnavailable, match="机器人又用过源头"):
        await in_process(source, server)


async def test_what_differs_where_it_came_is_found(tmp_path: Path, databases: Databases) -> None:
    source, server = await small(tmp_path / "report.db"), databases.fresh()
    await in_process(source, server)
    (name,) = (
        value for (value,) in rows(source, "SELECT value FROM meta WHERE name = 'moving_to'")
    )
    for spoilt in (
        "UPDATE delivery SET attempts = 7 WHERE state = 'delivered'",
        "UPDATE delivery SET attempts = 1 WHERE state = 'delivered'; UPDATE image SET bytes = 'x'",
    ):
        with psycopg.connect(server) as conn:
            conn.execute(spoilt.encode())
            conn.execute(
                "INSERT INTO meta VALUES ('moving_from', %s) ON CONFLICT DO NOTHING", [name]
            )
        with pytest.raises(StoreUnavailable, match="核对没有通过"):
            await in_process(source, server)


async def test_an_address_that_is_wrong_is_told(tmp_path: Path) -> None:
    good = "sqlite:///new.db"
    for source, told in (
        ("mysql://x", "数据库的地址设置有误：应为 sqlite:///"),
        ("sqlite:///nowhere.db", "没有数据库 nowhere.db"),
    ):
        code, output = await command(tmp_path, "move", source, good)
        assert (code, told in output) in ((1, True), (2, True)), output
    assert list(tmp_path.iterdir()) == []


async def test_a_backup_made_while_the_bot_runs_is_a_store_that_one_can_go_on_with(
    tmp_path: Path,
) -> None:
    file = tmp_path / "kept" / "report.db"
    async with a_bot(tmp_path / "bot") as bot, ScriptedV11(url=bot.onebot_v11):
        sent = await bot.push(content="已发", screenshot=shot(1), id="k")
        await bot.until_state(sent["id"], "delivered")
        async with ScriptedV11(url=bot.onebot_v11, self_id="99999"):
            await bot.health()
        await bot.push(content="等着", send_from="99999", screenshot=shot(2))
        code, output = await command(bot.folder, "backup", str(file))
        assert code == 0, output
        assert "备份好了：2 条推送，2 张图片" in output
        assert content(file) == content(bot.database)
        assert {one.stat().st_mode & 0o077 for one in file.parent.rglob("*")} == {0}
        assert [one.name for one in file.parent.iterdir()] == [file.name]
        code, output = await command(bot.folder, "backup", str(file))
        assert code == 1
        assert "不会盖掉它" in output
        await bot.push(content="之后", send_from="99999")
        assert rows(file, "SELECT count(*) FROM report") == [(2,)]
    async with (
        a_bot(tmp_path / "kept") as again,
        ScriptedV11(url=again.onebot_v11, self_id="99999") as qq,
    ):
        (one,) = await qq.wait_for(1)
        assert "等着" in one.text
        assert one.images
        assert (await again.push(content="已发", screenshot=shot(1), id="k"))[
            "status"
        ] == "duplicate"


async def test_a_backup_takes_what_a_bot_that_was_killed_left(tmp_path: Path) -> None:
    source = await used(tmp_path / "bot")
    (source.parent / ".env").write_text("REPORT_DATABASE_URL=sqlite:///report.db")
    code, output = await command(source.parent, "backup", "kept.db")
    assert code == 0, output
    assert content(source.with_name("kept.db")) == content(source)


async def test_what_cannot_be_copied_is_told(tmp_path: Path) -> None:
    for settings, told in (
        ("", "没有数据库"),
        ("REPORT_DATABASE_URL=postgresql://a:secret@nowhere/b", "pg_dump"),
    ):
        (tmp_path / ".env").write_text(settings)
        code, output = await command(tmp_path, "backup", "kept.db")
        assert code == 1
        assert told in output
        assert "secret" not in output
    assert not (tmp_path / "kept.db").exists()
