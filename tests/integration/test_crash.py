"""Power, disk and process fail; what was answered 200 arrives all the same."""

import signal
import sqlite3
from pathlib import Path

from tests.bot import Bot, running, until
from tests.onebot import Hold, ScriptedV11


async def test_a_backlog_goes_out_in_order_after_a_restart(tmp_path: Path) -> None:
    bot = Bot(tmp_path)
    await bot.start()
    for number in range(40):
        await bot.push(content=str(number))
    assert await bot.end() in (0, -signal.SIGTERM)
    assert "Traceback" not in bot.log
    await bot.start()
    async with ScriptedV11(url=bot.onebot_v11) as qq:
        received = await qq.wait_for(40)
        assert [one.text for one in received] == [str(number) for number in range(40)]
    await bot.end()


async def test_what_was_in_flight_at_a_stop_is_repeated_and_says_so(tmp_path: Path) -> None:
    bot = Bot(tmp_path)
    await bot.start()
    async with ScriptedV11(url=bot.onebot_v11) as qq:
        qq.behave(Hold())
        answer = await bot.push(content="1")
        await qq.wait_for(1)
        await bot.end(signal.SIGKILL)
    await bot.start()
    async with ScriptedV11(url=bot.onebot_v11) as qq:
        await qq.wait_for(1)
        (delivery,) = await bot.until_state(answer["id"], "delivered")
        assert delivery["repeats"] == 1
    await bot.end()


async def test_a_locked_store_answers_503_and_loses_nothing(bot: Bot, qq: ScriptedV11) -> None:
    first = await bot.push(content="1")
    await bot.until_state(first["id"], "delivered")
    other = sqlite3.connect(bot.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = await bot.push(expect=503, content="2")
    assert "数据库" in refused["error"]
    async with bot.client() as client:
        assert (await client.get("/health")).status_code == 503
    other.execute("ROLLBACK")
    other.close()
    await bot.push(content="3")
    assert [one.text for one in await qq.wait_for(2)] == ["1", "3"]


async def test_an_outcome_that_cannot_be_written_is_not_sent_again(
    bot: Bot, qq: ScriptedV11
) -> None:
    qq.behave(Hold())
    first = await bot.push(content="1")
    await qq.wait_for(1)
    other = sqlite3.connect(bot.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    qq.release()
    await bot.push(expect=503, content="refused")
    other.execute("ROLLBACK")
    other.close()
    await bot.until_state(first["id"], "delivered")
    await bot.push(content="2")
    assert [one.text for one in await qq.wait_for(2)] == ["1", "2"]


def limit_files() -> None:
    """A full disk, as far as one process can see: no file may grow past this."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))


async def test_a_full_disk_answers_503_and_loses_nothing(tmp_path: Path) -> None:
    accepted: list[str] = []
    bot = Bot(tmp_path, before=limit_files)
    await bot.start()
    refused = None
    for number in range(200):
        async with bot.client() as client:
            answer = await client.post("", json={"content": f"{number} " + "x" * 20_000})
        if answer.status_code == 503:
            refused = answer
            break
        assert answer.status_code == 200
        accepted.append(str(number))
    assert refused is not None
    assert accepted
    await bot.end(signal.SIGKILL)
    bot.before = None
    await bot.start()
    async with ScriptedV11(url=bot.onebot_v11) as qq:
        received = await qq.wait_for(len(accepted))
        assert [one.text.split()[0] for one in received] == accepted
    await bot.end()


async def test_a_second_bot_on_the_file_says_so_and_lives(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as first:
        settings = {"report_database_url": f"sqlite:///{first.database}"}
        async with running(tmp_path / "b", settings=settings) as second:
            refused = await second.push(expect=503, content="x")
            assert "另一个进程" in refused["error"]
            assert str(tmp_path) not in refused["error"], (
                "a friend is told no folder of the owner's"
            )
            assert second.log.count("收不下推送，会继续尝试：另一个进程") == 1
            assert f"（{first.database}）" in second.log
            assert str(first.database) in (await second.health())["reason"]
            async with second.client() as client:
                found = (await client.get("/health?detail")).text
            assert "关掉多开的那个机器人" in found
            assert "Traceback" not in second.log
            await first.push(content="y")
            await first.end()

            async def takes_over() -> bool:
                return (await second.health())["status"] == "ok"

            await until(takes_over)
            assert (await second.health())["waiting"] == 1


async def test_a_file_that_is_no_database_is_left_alone_and_said_so(tmp_path: Path) -> None:
    rubbish = "别人的文件".encode() * 500
    (tmp_path / "report.db").write_bytes(rubbish)
    async with running(tmp_path) as bot:
        refused = await bot.push(expect=503, content="x")
        assert "不是数据库；停掉机器人，把它移到别处留着" in refused["error"]
        assert bot.log.count("收不下推送，会继续尝试：数据库文件里不是数据库") == 1
        assert "Traceback" not in bot.log
    assert bot.database.read_bytes() == rubbish
