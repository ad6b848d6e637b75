"""The page of several bots on one PostgreSQL: whichever one asks, it is the same page."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.bot import TOKEN, Bot, until
from tests.integration.test_channels import encoded
from tests.integration.test_commands import OWNER
from tests.integration.test_several_bots import bots
from tests.onebot import ScriptedV11
from tests.postgres import Databases
from tests.postgres import databases as databases
from tests.senders.service import make_image

from .browser import PHONE, come_in, opened
from .test_door import cookie_of, enter, key_for, visitor
from .test_page import report

pytestmark = pytest.mark.asyncio(loop_scope="module")

Two = tuple[Bot, Bot, ScriptedV11]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def two(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> AsyncGenerator[Two]:
    """A bot with QQ, one without, and that QQ."""
    folder: Path = tmp_path_factory.mktemp("shared")
    async with (
        bots(folder, databases.fresh(), "a", "b") as (a, b),
        ScriptedV11(url=a.onebot_v11) as qq,
    ):
        yield a, b, qq


async def status(bot: Bot, cookie: str) -> int:
    async with visitor(bot, cookie) as client:
        return (await client.get("/me")).status_code


async def until_status(bot: Bot, cookie: str, wanted: int) -> None:
    async def there() -> bool:
        return await status(bot, cookie) == wanted

    await until(there)


async def test_who_comes_in_by_one_is_in_by_all_and_out_by_all(two: Two) -> None:
    a, b, qq = two
    key = await key_for(qq, OWNER)
    by_link = cookie_of(await enter(b, key=key))
    assert (await enter(a, key=key)).status_code == 403, "it is used up"
    by_token = cookie_of(await enter(a, token=TOKEN))
    await until_status(a, by_link, 200)
    await until_status(b, by_token, 200)
    async with visitor(a, by_link) as client:
        assert (await client.delete("/session")).status_code == 200
    await until_status(b, by_link, 401)
    assert await status(b, by_token) == 200


async def test_a_bot_shows_and_finds_what_came_to_another(two: Two, browser: Browser) -> None:
    a, b, qq = two
    async with opened(browser, PHONE) as page:
        await come_in(page, b, qq, OWNER)
        await expect(page.get_by_text("还没有推送")).to_be_visible()
        shot = encoded(make_image(640, 360).data)
        pushed = await a.push(title="蒙德城的传送点", screenshot=shot)
        here = report(page, "蒙德城")
        await expect(here.get_by_text("✅ 送达")).to_be_visible()
        await here.get_by_role("button", name="放大：图片 1，共 1 张").click()
        whole = page.get_by_role("dialog", name="图片").get_by_role("img")
        await expect(whole).to_have_js_property("naturalWidth", 640)
        await page.keyboard.press("Escape")

        cookie = cookie_of(await enter(b, token=TOKEN))

        async def indexed() -> bool:
            async with visitor(b, cookie) as client:
                found = (await client.get("/reports", params={"words": "城的"})).json()
            return [one["id"] for one in found["reports"]] == [pushed["id"]]

        await until(indexed)
        await page.get_by_label("在文字里找").fill("传送")
        await page.get_by_role("button", name="找", exact=True).click()
        await expect(here).to_be_visible()
        await page.get_by_role("link", name="概况").click()
        await expect(page.get_by_role("heading", name="机器人", exact=True)).to_be_visible()
        for number in (process.pid for process in (a.process, b.process) if process):
            await expect(page.get_by_text(f"的进程 {number}，")).to_be_visible()


async def test_what_is_deleted_and_muted_through_one_bot_is_seen_at_another(
    two: Two, browser: Browser
) -> None:
    a, b, qq = two
    pushed = await a.push(title="在那边删")
    await a.until_state(pushed["id"], "delivered")
    async with opened(browser, PHONE) as page:
        await come_in(page, b, qq, OWNER)
        here = page.locator(f"#r-{pushed['id']}")
        await expect(here).to_be_visible()
        async with visitor(a, cookie_of(await enter(a, token=TOKEN))) as client:
            assert (await client.delete(f"/reports/{pushed['id']}")).status_code == 200
            await expect(here).to_have_count(0)
            await page.get_by_role("link", name="概况").click()
            await expect(page.get_by_text("没有静音的")).to_be_visible()
            muted = {"target": f"private:{OWNER}", "seconds": 600}
            assert (await client.post("/mute", json=muted)).status_code == 200
            await expect(page.get_by_text("🔕 QQ 10001 静音到")).to_be_visible()
            assert (await client.post("/mute", json={**muted, "seconds": 0})).status_code == 200
            await expect(page.get_by_text("没有静音的")).to_be_visible()


async def test_what_no_text_in_a_database_can_have_is_found_nowhere(two: Two) -> None:
    a, _, _ = two
    pushed = await a.push(content="x", id="k\0")
    async with a.client() as client:
        assert (await client.get("/nobody%00")).status_code == 404
        assert (await client.get("/k%00")).json()["id"] == pushed["id"]
        assert (await client.get("/unread/x%00")).status_code == 404
    async with visitor(a, cookie_of(await enter(a, token=TOKEN))) as client:
        for field in ("words", "event", "result", "source", "target"):
            answer = await client.get("/reports", params={field: "\0x"})
            assert answer.status_code in (200, 422), field
