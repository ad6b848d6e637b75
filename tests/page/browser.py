"""Debian's Chromium, driven by playwright, and how a user comes in to the page."""

import re
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from tests.bot import Bot
from tests.integration.test_commands import ask
from tests.onebot import ScriptedV11

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True,
    "has_touch": True,
}  # fmt: skip
NARROW: dict[str, Any] = {**PHONE, "viewport": {"width": 320, "height": 640}}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
SIZES = {"phone": PHONE, "desk": DESK}


@asynccontextmanager
async def chromium() -> AsyncGenerator[Browser]:
    """A browser."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(browser: Browser, size: dict[str, Any]) -> AsyncGenerator[Page]:
    """A window of its own, without anybody's cookies. What goes wrong in it fails the test."""
    context = await browser.new_context(locale="zh-CN", **size)
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        yield page
    finally:
        await context.close()
    assert faults == []


async def link(qq: ScriptedV11, user: str) -> str:
    """The link that a user gets from the bot."""
    answer = await ask(qq, user, "/推送 网页")
    found = re.search(r"http\S+#[\w-]+", answer)
    assert found, answer
    return found[0]


async def come_in(page: Page, bot: Bot, qq: ScriptedV11, user: str) -> None:
    """Open the page as a user of QQ."""
    secret = (await link(qq, user)).partition("#")[2]
    await page.goto(f"{bot.url}/#{secret}")
    await page.get_by_role("link", name="历史").wait_for()
