"""Several bots, each a process of its own, on one PostgreSQL."""

import asyncio
import re
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from tests import postgres
from tests.bot import TOKEN, Bot, until
from tests.bot import running as a_bot
from tests.onebot import Fail, Hold, ScriptedV11
from tests.postgres import Databases, Server
from tests.postgres import databases as databases
from tests.postgres import running as running

from .test_cli import command
from .test_commands import OWNER, ask, say


@asynccontextmanager
async def bots(folder: Path, url: str, *names: str, **settings: Any) -> AsyncGenerator[list[Bot]]:
    """Bots that share a store."""
    shared = {"report_database_url": url, **settings}
    async with AsyncExitStack() as stack:
        yield list(
            await asyncio.gather(
                *(
                    stack.enter_async_context(a_bot(folder / name, settings=shared))
                    for name in names
                )
            )
        )


async def counts(bot: Bot, report_id: str) -> tuple[int, int]:
    """How often a delivery was tried, and how often it may have been repeated."""
    (one,) = await bot.until_state(report_id, "delivered")
    return one["attempts"], one["repeats"]


async def until_known(bot: Bot, wanted: dict[int, list[str]]) -> None:
    """Wait until a bot tells of these processes, each one's number and its bots of QQ."""

    async def known() -> bool:
        return {one["pid"]: one["bots"] for one in (await bot.health())["processes"]} == wanted

    await until(known)


def pid(bot: Bot) -> int:
    """The number of its process."""
    assert bot.process is not None
    return bot.process.pid


async def take_overs(bot: Bot) -> float:
    """How many lanes it says that it took over from others."""
    async with bot.client() as client:
        told = (await client.get("/metrics")).text
    return float(re.findall(r"^report_hub_takeovers_total (.*)$", told, re.M)[0])


async def test_one_accepts_and_the_one_that_has_the_bot_sends(
    tmp_path: Path, databases: Databases
) -> None:
    async with (
        bots(tmp_path, databases.fresh(), "a", "b") as (a, b),
        ScriptedV11(url=b.onebot_v11) as qq,
    ):
        accepted = [await a.push(content=str(n), id=f"k{n}") for n in range(5)]
        assert [one.text for one in await qq.wait_for(5)] == ["0", "1", "2", "3", "4"]
        for one in accepted:
            assert await counts(a, one["id"]) == (1, 0)
        again = await b.push(content="0", id="k0")
        assert (again["status"], again["id"]) == ("duplicate", accepted[0]["id"])

        for bot in (a, b):
            await until_known(bot, {pid(a): [], pid(b): ["10000"]})
        # The bot moves to the other process, which sends what either of them accepts.
        await qq.drop()
        async with ScriptedV11(url=a.onebot_v11) as moved:
            for bot in (a, b):
                last = await bot.push(content="moved")
                assert await counts(b, last["id"]) == (1, 0)
            assert len(moved.messages) == 2

            # What is said in the chat with one of them holds on the other.
            assert "静音到" in await ask(moved, OWNER, "/推送 静音 2h")

            async def muted() -> bool:
                answer = await b.push(content="quiet")
                (one,) = await b.state(answer["id"])
                return one["state"] == "waiting" and one["reason"] == "已静音"

            await until(muted)


async def test_who_ends_in_good_order_hands_over_without_a_repeat(
    tmp_path: Path, databases: Databases
) -> None:
    async with (
        bots(tmp_path, databases.fresh(), "a", "b") as (a, b),
        ScriptedV11(url=a.onebot_v11) as first,
        ScriptedV11(url=b.onebot_v11, self_id="20000") as second,
    ):
        first.behave(Fail(100, "x"))
        waits = await a.push(content="1")  # a owns its lane, and would try again

        async def tried() -> bool:
            (one,) = await b.state(waits["id"])
            return one["attempts"] == 1

        await until(tried)
        await a.end()
        last = await b.push(content="2")
        assert [one.text for one in await second.wait_for(2)] == ["1", "2"]
        await until_known(b, {pid(b): ["20000"]})
        assert await counts(b, waits["id"]) == (2, 0)
        assert await counts(b, last["id"]) == (1, 0)


async def test_a_lane_whose_owner_is_killed_or_stops_is_taken_over_and_the_owner_comes_too_late(
    tmp_path: Path, databases: Databases
) -> None:
    async with (
        bots(tmp_path, databases.fresh(), "killed", "stopped", "next") as (killed, stopped, after),
        AsyncExitStack() as stack,
    ):
        far: list[ScriptedV11] = []
        for number, bot in enumerate((killed, stopped)):
            qq = ScriptedV11(url=bot.onebot_v11, self_id=str(20000 + number))
            qq.default = Hold()
            far.append(await stack.enter_async_context(qq))
        one = [await killed.push(content=f"k{n}", send_to=10002) for n in range(2)]
        other = [await stopped.push(content=f"s{n}", send_to=10003) for n in range(2)]
        for qq in far:
            await qq.wait_for(1)
        there = {pid(killed): ["20000"], pid(stopped): ["20001"], pid(after): []}
        await until_known(after, there)
        assert killed.process is not None
        assert stopped.process is not None
        killed.process.send_signal(signal.SIGKILL)
        stopped.process.send_signal(signal.SIGSTOP)
        qq = await stack.enter_async_context(ScriptedV11(url=after.onebot_v11, self_id="30000"))
        messages = await qq.wait_for(4, timeout=60)
        texts = [one.text for one in messages]
        assert [one for one in texts if one[0] == "k"] == ["k0", "k1"]
        assert [one for one in texts if one[0] == "s"] == ["s0", "s1"]
        stopped.process.send_signal(signal.SIGCONT)
        far[1].release()

        async def refused() -> bool:
            return "另一个进程接管了" in stopped.log

        await until(refused)
        for first, second in (one, other):
            assert await counts(after, first["id"]) == (1, 1)
            assert (await counts(after, second["id"]))[0] == 1
        assert [one.text for one in far[1].messages] == ["s0"], "it sends nothing more there"
        assert await take_overs(after) == 2

        async def told_apart() -> bool:
            there = {one["pid"]: one["lapsed"] for one in (await after.health())["processes"]}
            return there == {pid(after): False, pid(stopped): False, pid(killed): True}

        await until(told_apart)
        _, told = await command(after.folder, "doctor", "--no-send")
        (lapsed,) = [one for one in told.splitlines() if "租约过期了" in one]
        assert f"的进程 {pid(killed)}，QQ 20000：" in lapsed
        assert "它的发送队列别的进程都接过去了" in lapsed
        assert told.count("共用数据库：") == 3
        assert await take_overs(stopped) == 0
        assert len(qq.messages) == 4


async def test_a_clock_that_is_wrong_takes_no_lane_away(
    tmp_path: Path, databases: Databases
) -> None:
    shared = {"report_database_url": databases.fresh()}
    off = "import time\n_right = time.time\ntime.time = lambda: _right() + {}"
    async with (
        a_bot(tmp_path / "right", settings=shared) as right,
        a_bot(tmp_path / "ahead", settings=shared, extra=off.format(7200)) as ahead,
        a_bot(tmp_path / "behind", settings=shared, extra=off.format(-7200)) as behind,
        ScriptedV11(url=right.onebot_v11) as qq,
        ScriptedV11(url=ahead.onebot_v11, self_id="20000") as second,
        ScriptedV11(url=behind.onebot_v11, self_id="30000") as third,
    ):
        qq.behave(Hold())
        pushed = [await right.push(content="1")]
        await qq.wait_for(1)
        pushed += [await bot.push(content=text) for bot, text in ((ahead, "2"), (behind, "3"))]
        qq.release()
        assert [one.text for one in await qq.wait_for(3)] == ["1", "2", "3"]
        for one in pushed:
            assert await counts(right, one["id"]) == (1, 0)
        assert second.messages + third.messages == []
        assert pushed == sorted(pushed, key=lambda one: one["id"]), "ids are in order"


async def test_a_store_that_is_away_is_said_at_once_and_nothing_ends(
    tmp_path: Path, running: Server
) -> None:
    async with (
        bots(tmp_path, running.url, "a", "b") as (a, b),
        ScriptedV11(url=a.onebot_v11) as qq,
    ):
        await b.push(content="before")
        postgres.stop(running.data, "fast")
        for bot in (a, b):
            async with bot.client(None) as client:
                answer = await client.post("", params={"token": TOKEN}, json={"content": "x"})
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert TOKEN not in answer.text
        running.start()

        async def taken() -> bool:
            async with b.client(None) as client:
                answer = await client.post("", params={"token": TOKEN}, json={"content": "after"})
            return answer.status_code == 200

        await until(taken)
        texts = [one.text for one in await qq.wait_for(2)]
        assert texts == ["before", "after"]


async def test_what_a_bot_of_another_process_sends_is_no_command(
    tmp_path: Path, databases: Databases
) -> None:
    async with (
        bots(tmp_path, databases.fresh(), "a", "b") as (first, second),
        ScriptedV11(url=second.onebot_v11, self_id="90002") as hearing,
    ):
        async with ScriptedV11(url=first.onebot_v11, self_id=OWNER):
            await until_known(second, {pid(first): [OWNER], pid(second): ["90002"]})
            await say(hearing, OWNER, "/推送 静音 2h", group="777")
            await say(hearing, OWNER, "/推送 静音 2h")
        await until_known(second, {pid(first): [], pid(second): ["90002"]})
        assert "静音" not in await ask(hearing, OWNER, "/推送 状态", group="777")
