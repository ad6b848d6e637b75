"""The OneBot implementation of the demo, which the tests speak by."""

import asyncio
from typing import Any

import pytest

from nonebot_plugin_report.cli.demo.onebot import OneBotV11


class Mute(OneBotV11):
    """Has nothing to greet with."""

    def greeting(self) -> list[dict[str, Any]]:
        """Fail, as for an account that is no number."""
        raise ValueError(self.self_id)


async def test_one_that_cannot_greet_leaves_no_connection_open() -> None:
    visits: list[object] = []

    async def visit(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(writer)
        writer.close()

    async with await asyncio.start_server(visit, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ValueError, match="x"):
            await Mute(url=f"ws://127.0.0.1:{port}/", self_id="x").connect()
    assert visits == []
