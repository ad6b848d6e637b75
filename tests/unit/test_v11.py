"""Calls arrive as the adapter itself would have made them."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from nonebot.adapters import Bot
from nonebot.adapters.onebot.store import ResultStore
from nonebot.adapters.onebot.v11 import ActionFailed, MessageSegment, NetworkError
from nonebot.adapters.onebot.v11 import Bot as V11Bot

from nonebot_plugin_report.senders.v11 import send_message

PICTURE = "base64://" + "iVBORw0KGgo+/" * 30
TEXT = {"type": "text", "data": {"text": '"自动秘境"\n\\结束\ud800'}}
IMAGE = {"type": "image", "data": {"file": PICTURE}}
Hook = Callable[[Bot, str, dict[str, Any]], Awaitable[None]]


class Adapter:
    """The part of the adapter that has a connection; the other side answers at once, or never."""

    def __init__(self, answer: dict[str, Any] | None) -> None:
        self.connections = {"10000": self}
        self.received: list[dict[str, Any]] = []
        self._result_store = ResultStore()
        self._answer = answer

    def get_name(self) -> str:
        return "OneBot V11"

    async def send(self, written: str) -> None:
        call = json.loads(written)
        self.received.append(call)
        if self._answer is not None:
            answer = {**self._answer, "echo": call["echo"]}
            asyncio.get_running_loop().call_soon(self._result_store.add_result, answer)


async def sent(
    message: list[Any], answer: dict[str, Any] | None = None
) -> tuple[Any, dict[str, Any]]:
    """The call's result, and what arrived."""
    adapter = Adapter(answer or {"status": "ok", "retcode": 0, "data": {"message_id": 5}})
    bot: Any = V11Bot(adapter, "10000")  # pyright: ignore[reportArgumentType] - a part of it
    result = await send_message(
        bot, "send_private_msg", message=message, turn=asyncio.Lock(), user_id=10001, _timeout=30.0
    )
    (received,) = adapter.received
    return result, received["params"]


@pytest.fixture
def hook() -> Iterator[Callable[[Hook], None]]:
    """Adds a hook of another plugin for the time of a test."""
    added: list[Any] = []

    def add(one: Hook) -> None:
        added.append(Bot.on_calling_api(one))

    yield add
    for one in added:
        Bot._calling_api_hook.discard(one)  # pyright: ignore[reportPrivateUsage] - nothing else removes one


async def test_a_message_arrives_as_it_was() -> None:
    other = {"type": "image", "data": {"file": "base64://AAAA"}}
    result, params = await sent([TEXT, IMAGE, TEXT, other])
    assert result == {"message_id": 5}
    assert params == {"user_id": 10001, "message": [TEXT, IMAGE, TEXT, other]}


@pytest.mark.parametrize(
    "text", ["结束 ✅", '"\\\n\x00', "\ud800"], ids=["plain", "escaped", "lone"]
)
async def test_a_text_arrives_as_it_was(text: str) -> None:
    message = [{"type": "text", "data": {"text": text}}]
    result, params = await sent(message)
    assert result == {"message_id": 5}
    assert params == {"user_id": 10001, "message": message}


async def test_another_plugin_may_ask_the_bot_what_it_is(hook: Callable[[Hook], None]) -> None:
    seen: list[str] = []

    async def ask(bot: Bot, api: str, data: dict[str, Any]) -> None:
        seen.append(bot.type)
        data["message"] = [MessageSegment.text("后缀"), {"type": "text", "data": {"text": {1: 2}}}]

    hook(ask)
    _, params = await sent([TEXT])
    assert seen == ["OneBot V11"]
    assert params["message"] == [
        {"type": "text", "data": {"text": "后缀"}}, {"type": "text", "data": {"text": {"1": 2}}}
    ]  # fmt: skip


async def test_another_plugin_sees_the_message_and_may_change_it(
    hook: Callable[[Hook], None],
) -> None:
    seen: list[Any] = []

    async def change(bot: Bot, api: str, data: dict[str, Any]) -> None:
        seen.append((bot.self_id, api, list(data["message"])))
        data["message"] += [
            MessageSegment.text("后缀"), {"type": "image", "data": {"file": 'x"y', "summary": "s"}}
        ]  # fmt: skip

    hook(change)
    _, params = await sent([TEXT, IMAGE])
    assert seen == [("10000", "send_private_msg", [TEXT, IMAGE])]
    assert params["message"] == [
        TEXT, IMAGE, {"type": "text", "data": {"text": "后缀"}},
        {"type": "image", "data": {"file": 'x"y', "summary": "s"}},
    ]  # fmt: skip


async def test_another_plugin_may_replace_the_message(hook: Callable[[Hook], None]) -> None:
    async def change(bot: Bot, api: str, data: dict[str, Any]) -> None:
        data["message"] = '别的"话'

    hook(change)
    _, params = await sent([IMAGE])
    assert params["message"] == '别的"话'


async def test_a_refusal_is_an_error_with_its_words() -> None:
    refused = {"status": "failed", "retcode": 1200, "data": None, "wording": "不行"}
    with pytest.raises(ActionFailed) as failed:
        await sent([IMAGE], refused)
    assert failed.value.info["wording"] == "不行"


async def test_without_an_answer_nobody_knows() -> None:
    adapter = Adapter(None)
    bot: Any = V11Bot(adapter, "10000")  # pyright: ignore[reportArgumentType] - a part of it
    with pytest.raises(NetworkError):
        await send_message(
            bot, "send_private_msg", message=[IMAGE], turn=asyncio.Lock(), user_id=1, _timeout=0.01
        )
