"""A bot whose page is looked at, the QQ that joined it, and a browser."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.bot import Bot, running
from tests.onebot import ScriptedV11

from .browser import CHROMIUM, chromium

FRIENDS = {"report_bind": ["friends"]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bot]:
    async with running(tmp_path_factory.mktemp("page"), settings=FRIENDS) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def qq(bot: Bot) -> AsyncGenerator[ScriptedV11]:
    async with ScriptedV11(url=bot.onebot_v11) as joined:
        yield joined


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncGenerator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium: apt-get install chromium")
    async with chromium() as started:
        yield started
