"""Calls arrive as the adapter itself would have made them, also those that go past it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from nonebot.adapters import Bot
from nonebot.adapters.onebot.store import ResultStore
from nonebot.adapters.onebot.v11 import ActionFailed, MessageSegment, NetworkError
from nonebot.adapters.onebot.v11 import Adapter as V11Adapter
from nonebot.adapters.onebot.v11 import Bot as V11Bot
from nonebot.exception import MockApiException

from nonebot_plugin_report.senders.qq import v11
from nonebot_plugin_report.senders.qq.v11 import LARGE, send_message

SMALL = "base64://" + "iVBORw0KGgo+/" * 30
PICTURE = "base64://" + "iVBORw0KGgo+/" * (LARGE // 13)
TEXT = {"type": "text", "data": {"text": '"自动秘境"\n\\结束\ud800'}}
IMAGE = {"type": "image", "data": {"file": PICTURE}}
Hook = Callable[..., Awaitable[None]]
OK = {"status": "ok", "retcode": 0, "data": {"message_id": 5}}


class Adapter(V11Adapter):
    """The adapter with a connection whose other side answers at once, or never."""

    def __init__(self, answer: dict[str, Any] | None = OK) -> None:
        self.connections: Any = {"10000": self}
        self.driver: Any = SimpleNamespace(config=SimpleNamespace(api_timeout=30.0))
        self.received: list[dict[str, Any]] = []
        self.passed = 0
        """Calls that the adapter wrote itself."""
        self._result_store = ResultStore()
        self._answer = answer

    async def _call_api(self, bot: Any, api: str, **data: Any) -> Any:
        self.passed += 1
        return await super()._call_api(bot, api, **data)

    async def send(self, written: str) -> None:
        call = json.loads(written)
        self.received.append(call)
        if self._answer is not None:
            answer = {**self._answer, "echo": call["echo"]}
            asyncio.get_running_loop().call_soon(self._result_store.add_result, answer)


async def sent(adapter: Adapter, message: list[Any], timeout: float = 30.0) -> Any:
    """The call's result."""
    return await send_message(
        V11Bot(adapter, "10000"), "send_private_msg", message=message,
        user_id=10001, _timeout=timeout,
    )  # fmt: skip


def params(adapter: Adapter) -> dict[str, Any]:
    """What arrived of the only call."""
    (received,) = adapter.received
    return {name: one for name, one in received["params"].items() if name != "_timeout"}


@pytest.fixture
def hook() -> Iterator[Callable[[Hook], None]]:
    """Adds a hook of another plugin for the time of a test."""
    before, after = set(Bot._calling_api_hook), set(Bot._called_api_hook)  # pyright: ignore[reportPrivateUsage] - nothing else removes one

    def add(one: Hook) -> None:
        Bot.on_calling_api(one) if one.__name__ != "after" else Bot.on_called_api(one)

    yield add
    Bot._calling_api_hook.intersection_update(before)  # pyright: ignore[reportPrivateUsage] - likewise
    Bot._called_api_hook.intersection_update(after)  # pyright: ignore[reportPrivateUsage] - likewise


def test_the_insides_are_there() -> None:
    """Fails with the first nonebot2 or nonebot-adapter-onebot that has others."""
    insides = v11._insides(V11Bot(Adapter(), "10000"))  # pyright: ignore[reportPrivateUsage] - what others must not see either
    assert insides is not None
    assert insides.before is Bot._calling_api_hook  # pyright: ignore[reportPrivateUsage] - likewise
    assert insides.after is Bot._called_api_hook  # pyright: ignore[reportPrivateUsage] - likewise


async def test_only_a_call_with_a_large_picture_goes_past_the_adapter() -> None:
    small, large = Adapter(), Adapter()
    await sent(small, [TEXT, {"type": "image", "data": {"file": SMALL}}])
    await sent(large, [TEXT, IMAGE])
    assert (small.passed, large.passed) == (1, 0)


@pytest.mark.parametrize("file", [SMALL, PICTURE], ids=["small", "large"])
async def test_a_message_arrives_as_it_was(file: str) -> None:
    image = {"type": "image", "data": {"file": file}}
    other = {"type": "image", "data": {"file": "base64://AAAA"}}
    adapter = Adapter()
    assert await sent(adapter, [TEXT, image, TEXT, other]) == {"message_id": 5}
    assert params(adapter) == {"user_id": 10001, "message": [TEXT, image, TEXT, other]}


@pytest.mark.parametrize("picture", [SMALL, PICTURE], ids=["small", "large"])
async def test_another_plugin_gets_the_real_bot_and_may_change_the_message(
    hook: Callable[[Hook], None], picture: str
) -> None:
    adapter = Adapter()
    bot, image = V11Bot(adapter, "10000"), {"type": "image", "data": {"file": picture}}
    seen: list[Any] = []

    async def change(asked: Bot, api: str, data: dict[str, Any]) -> None:
        seen.append((asked is bot, asked.adapter is adapter, api, list(data["message"])))
        data["message"] = [
            *data["message"], MessageSegment.text("后缀"),
            {"type": "image", "data": {"file": 'x"y', "summary": "s"}},
            {"type": "text", "data": {"text": {1: 2}}},
        ]  # fmt: skip

    async def after(
        asked: Bot, error: Exception | None, api: str, data: dict[str, Any], result: Any
    ) -> None:
        seen.append((asked is bot, error, api, data["user_id"], result))

    hook(change)
    hook(after)
    await send_message(bot, "send_private_msg", message=[TEXT, image], user_id=1, _timeout=1.0)
    assert seen == [
        (True, True, "send_private_msg", [TEXT, image]),
        (True, None, "send_private_msg", 1, {"message_id": 5}),
    ]
    assert params(adapter)["message"] == [
        TEXT, image, {"type": "text", "data": {"text": "后缀"}},
        {"type": "image", "data": {"file": 'x"y', "summary": "s"}},
        {"type": "text", "data": {"text": {"1": 2}}},
    ]  # fmt: skip


async def test_another_plugin_may_replace_the_message(hook: Callable[[Hook], None]) -> None:
    async def change(bot: Bot, api: str, data: dict[str, Any]) -> None:
        data["message"] = '别的"话'

    hook(change)
    adapter = Adapter()
    await sent(adapter, [IMAGE])
    assert params(adapter)["message"] == '别的"话'


async def test_another_plugin_may_answer_in_its_place(hook: Callable[[Hook], None]) -> None:
    async def answer(bot: Bot, api: str, data: dict[str, Any]) -> None:
        raise MockApiException({"message_id": 7})

    hook(answer)
    adapter = Adapter()
    assert await sent(adapter, [IMAGE]) == {"message_id": 7}
    assert not adapter.received


async def test_another_plugin_may_replace_what_came(hook: Callable[[Hook], None]) -> None:
    async def after(*_: object) -> None:
        raise MockApiException({"message_id": 8})

    hook(after)
    assert await sent(Adapter({**OK, "status": "failed"}), [IMAGE]) == {"message_id": 8}


async def test_a_hook_that_fails_keeps_nothing_from_being_sent(
    hook: Callable[[Hook], None],
) -> None:
    async def fail(bot: Bot, api: str, data: dict[str, Any]) -> None:
        raise RuntimeError("a mistake of somebody else's")

    hook(fail)
    adapter = Adapter()
    assert await sent(adapter, [IMAGE]) == {"message_id": 5}
    assert len(adapter.received) == 1


async def test_a_refusal_is_an_error_with_its_words() -> None:
    refused = {"status": "failed", "retcode": 1200, "data": None, "wording": "不行"}
    with pytest.raises(ActionFailed) as failed:
        await sent(Adapter(refused), [IMAGE])
    assert failed.value.info["wording"] == "不行"


async def test_without_an_answer_nobody_knows() -> None:
    with pytest.raises(NetworkError):
        await sent(Adapter(None), [IMAGE], timeout=0.01)
