"""A running bot, and a OneBot implementation that joined it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.bot import Bot, running
from tests.onebot import ScriptedV11


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncGenerator[Bot]:
    async with running(tmp_path) as started:
        yield started


@pytest.fixture
async def qq(bot: Bot) -> AsyncGenerator[ScriptedV11]:
    async with ScriptedV11(url=bot.onebot_v11) as joined:
        yield joined
