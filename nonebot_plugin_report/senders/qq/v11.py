"""Sends messages of OneBot 11; large pictures go without the adapter's `json.dumps`.

nonebot-adapter-onebot (2.4.6) has the standard library go through the whole call, character by
character: 40 ms for a picture of ten megabytes, in which the event loop stands still. Base64 has
nothing to escape. This can go when the adapter does without.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
from loguru import logger
from nonebot.adapters import Bot
from nonebot.exception import MockApiException
from nonebot.utils import DataclassEncoder

LARGE: Final = 2**20
"""Characters of a message's pictures from which the call is written here."""

Hooks = Iterable[Callable[..., Awaitable[object]]]


@dataclass(frozen=True, slots=True)
class _Insides:
    """What neither the adapter nor NoneBot has in public, and a large call needs."""

    socket: Any
    """The connection to the OneBot implementation."""
    results: Any
    """The adapter's answers that are still to come, by the call's number."""
    before: Hooks
    after: Hooks


async def send_message(
    bot: Bot,
    action: str,
    *,
    message: list[dict[str, Any]],
    _timeout: float | None,
    **parameters: Any,
) -> Any:
    """`bot.call_api` for segments whose pictures are all base64.

    Args:
        bot: sends it.
        action: of OneBot 11.
        message: the segments.
        _timeout: seconds that the answer may take; None: any time.
        parameters: the others.

    Raises:
        ActionFailed, ApiNotAvailable, NetworkError: as `call_api`.
    """
    pictures = [one["data"]["file"] for one in message if one["type"] == "image"]
    insides = _insides(bot) if sum(map(len, pictures)) >= LARGE else None
    if insides is None:
        return await bot.call_api(action, message=message, _timeout=_timeout, **parameters)

    async def call(**data: Any) -> Any:
        return await _call(insides, action, pictures, **data)

    data: dict[str, Any] = {"message": message, "_timeout": _timeout, **parameters}
    return await _with_hooks(bot, insides, action, data, call)


def _insides(bot: Bot) -> _Insides | None:
    """The private parts of nonebot2 (2.4.3 to 2.5.0) and nonebot-adapter-onebot (2.4.6).

    None where one is missing, or the bot has no WebSocket. The bounds stand in pyproject.toml, and
    `test_the_insides_are_there` fails with the first version that has others.
    """
    socket = getattr(bot.adapter, "connections", {}).get(bot.self_id)
    results = getattr(bot.adapter, "_result_store", None)
    before = getattr(bot, "_calling_api_hook", None)
    after = getattr(bot, "_called_api_hook", None)
    if socket is None or results is None or before is None or after is None:
        return None
    return _Insides(socket, results, before, after)


async def _with_hooks(
    bot: Bot,
    insides: _Insides,
    action: str,
    data: dict[str, Any],
    call: Callable[..., Awaitable[Any]],
) -> Any:
    """Call as `Bot.call_api` does: other plugins see the real bot and may change the data, give a
    result of their own, or replace what came."""
    result, error = None, None
    mock = await _run_hooks(insides.before, bot, action, data)
    if mock is not None:
        result = mock.result
    else:
        try:
            result = await call(**data)
        except Exception as caught:  # noqa: BLE001 - the hooks get it, then it is raised
            error = caught
    mock = await _run_hooks(insides.after, bot, error, action, data, result)
    if mock is not None:
        return mock.result
    if error is not None:
        raise error
    return result


async def _run_hooks(hooks: Hooks, *arguments: object) -> MockApiException | None:
    """Run other plugins' hooks side by side. Returns the first result that one of them gives."""
    ended = await asyncio.gather(*(hook(*arguments) for hook in hooks), return_exceptions=True)
    mocks = [error for error in ended if isinstance(error, MockApiException)]
    for error in ended:
        if isinstance(error, Exception) and error not in mocks:
            logger.opt(exception=error).error("另一个插件在发送前后做的事出错了")
    return mocks[0] if mocks else None


async def _call(
    insides: _Insides,
    action: str,
    pictures: Sequence[str],
    *,
    _timeout: float | None,
    **parameters: Any,
) -> Any:
    """Write a call and wait for its answer, as the adapter does."""
    # Not above, where it would be loaded without a bot that needs it.
    from nonebot.adapters.onebot.v11 import NetworkError
    from nonebot.adapters.onebot.v11.utils import handle_api_result

    number = insides.results.get_seq()
    written = _write(action, number, pictures, **parameters)
    await asyncio.sleep(0)  # others run between the copies
    await insides.socket.send(written)
    try:
        return handle_api_result(await insides.results.fetch(number, _timeout))
    except TimeoutError:
        raise NetworkError(f"WebSocket call api {action} timeout") from None


def _write(
    action: str, number: int, pictures: Sequence[str], *, message: Any, **others: Any
) -> str:
    """A call as JSON, with the pictures put in as they are.

    All in ASCII: with any other character the base64 would take twice the memory. Joined once,
    since each copy of a large picture counts.
    """
    call = _ascii({"action": action, "echo": str(number), "params": {**others, "message": 0}})
    parts = [call.removesuffix("0}}")]
    if isinstance(message, list):
        parts.append("[")
        for index, segment in enumerate(cast("list[Any]", message)):
            parts += ["," if index else "", *_segment(segment, pictures)]
        parts.append("]")
    else:  # a hook has made it so
        parts.append(_ascii(message))
    return "".join([*parts, "}}"])


def _segment(segment: Any, pictures: Sequence[str]) -> list[str]:
    for file in pictures:
        # Compared, as a hook may have put anything in its place.
        if segment == {"type": "image", "data": {"file": file}}:
            return ['{"type": "image", "data": {"file": "', file, '"}}']
    return [_ascii(segment)]


def _ascii(value: object) -> str:
    try:
        written = orjson.dumps(value).decode()
    except TypeError:  # a hook has put something else in
        return json.dumps(value, cls=DataclassEncoder)
    return written if written.isascii() else json.dumps(value)
