"""A push with a date that no time zone can hold is delivered, and holds nobody up."""

from pathlib import Path

import pytest

from tests.bot import TOKEN, Bot, running, until
from tests.onebot import ScriptedV11

from .test_commands import OWNER, ask

UNSET = ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+08:00", "0001-01-01T00:00:00Z")
ZONES = ("Asia/Shanghai", "America/Los_Angeles")


async def read_page(bot: Bot) -> list[str]:
    """The headings of the history as the page lists it."""
    origin = {"Origin": f"http://127.0.0.1:{bot.port}"}
    async with bot.client(None) as client:
        entered = await client.post("/page/session", json={"token": TOKEN}, headers=origin)
        assert entered.status_code == 200, entered.text
        answer = await client.get("/page/reports")
    assert answer.status_code == 200, answer.text
    return [report["title"] for report in answer.json()["reports"]]


@pytest.mark.parametrize("zone", ZONES)
async def test_whatever_date_a_push_has_it_arrives_and_so_does_the_next(
    tmp_path: Path, zone: str
) -> None:
    async with running(tmp_path, environment={"TZ": zone}) as bot:
        # While QQ is away the queue is read back from the store.
        for number, timestamp in enumerate(UNSET):
            await bot.push(title=f"unset {number}", content="x", timestamp=timestamp)
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            received = await qq.wait_for(len(UNSET))
            assert [message.text.split("\n")[0] for message in received] == [
                f"unset {number}" for number in range(len(UNSET))
            ]
            assert "unset 2" in await ask(qq, OWNER, "/推送 最近 3")
            assert "unset 2" in await ask(qq, OWNER, "/推送 详情 1")
            await bot.push(title="next", content="x")

            async def arrived() -> bool:
                return any(message.text.startswith("next") for message in qq.messages)

            await until(arrived)
        assert (await read_page(bot))[0] == "next"
