"""Sends messages of OneBot 11 without what nonebot-adapter-onebot (2.4.6) does beside.

It has the standard library go through all of a call, character by character: 40 ms for a picture of
ten megabytes, in which the event loop stands still, and a tenth of what a screenshot costs. Base64
has nothing to escape. And it puts each call into words with colours for a log that hardly anybody
has: a twelfth of what a small push costs. This can go when the adapter does without.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final, cast

import orjson
from nonebot.adapters import Adapter, Bot
from nonebot.utils import DataclassEncoder

LARGE: Final = 2**20
"""Characters of a call that is worth a turn of the event loop of its own."""


async def send_message(
    bot: Bot,
    action: str,
    *,
    message: list[dict[str, Any]],
    turn: asyncio.Lock,
    _timeout: float | None,
    **parameters: Any,
) -> Any:
    """`bot.call_api`, with everybody's hooks, for segments whose pictures are all base64.

    Args:
        bot: sends it.
        action: of OneBot 11.
        message: the segments.
        turn: the bot's: one call with pictures is written after another, since each takes several
            times their size until it is.
        _timeout: how many seconds the answer may take; None: any time.
        parameters: the others.

    Raises:
        ActionFailed, ApiNotAvailable, NetworkError: as `call_api`.
    """
    results = getattr(bot.adapter, "_result_store", None)
    socket = getattr(bot.adapter, "connections", {}).get(bot.self_id)
    caller = bot
    if results is not None and socket is not None:
        pictures = [one["data"]["file"] for one in message if one["type"] == "image"]
        caller = object.__new__(type(bot))
        adapter = _Socket(bot.adapter, socket, results, pictures, turn)
        vars(caller).update(vars(bot), adapter=adapter)
    return await caller.call_api(action, message=message, _timeout=_timeout, **parameters)


class _Socket:
    """Takes an adapter's place in `call_api`."""

    def __init__(
        self,
        adapter: Adapter,
        socket: Any,
        results: Any,
        pictures: Sequence[str],
        turn: asyncio.Lock,
    ) -> None:
        """`results` are the adapter's, which it gives the answers to; `pictures` are base64."""
        self._adapter = adapter
        self._socket = socket
        self._results = results
        self._pictures = pictures
        self._turn = turn

    def __getattr__(self, name: str) -> Any:
        # Of what a hook may ask its bot's adapter.
        return getattr(self._adapter, name)

    async def _call_api(self, bot: Bot, api: str, *, _timeout: float | None, **data: Any) -> Any:
        # Not above, where it would be loaded without a bot that needs it.
        from nonebot.adapters.onebot.v11.utils import handle_api_result

        number = self._results.get_seq()
        if self._pictures:
            await self._send(api, number, **data)
        else:
            await self._socket.send(_plain({"action": api, "params": data, "echo": str(number)}))
        try:
            return handle_api_result(await self._results.fetch(number, _timeout))
        except TimeoutError:
            from nonebot.adapters.onebot.v11 import NetworkError

            raise NetworkError(f"WebSocket call api {api} timeout") from None

    async def _send(self, action: str, number: int, **data: Any) -> None:
        async with self._turn:
            written = self._written(action, number, **data)
            if len(written) > LARGE:
                await asyncio.sleep(0)  # others run between the copies
            await self._socket.send(written)

    def _written(self, action: str, number: int, *, message: Any, **others: Any) -> str:
        # All in ASCII: with any other character the base64 would take twice the memory, and longer.
        # Joined once: each copy of a large picture counts.
        call = _ascii({"action": action, "echo": str(number), "params": {**others, "message": 0}})
        parts = [call.removesuffix("0}}")]
        if isinstance(message, list):
            parts.append("[")
            for index, segment in enumerate(cast("list[Any]", message)):
                parts += ["," if index else "", *self._segment(segment)]
            parts.append("]")
        else:  # a hook has made it so
            parts.append(_ascii(message))
        return "".join([*parts, "}}"])

    def _segment(self, segment: Any) -> list[str]:
        for file in self._pictures:
            # Compared, as a hook may have put anything in its place.
            if segment == {"type": "image", "data": {"file": file}}:
                return ['{"type": "image", "data": {"file": "', file, '"}}']
        return [_ascii(segment)]


def _ascii(value: object) -> str:
    written = _plain(value)
    return written if written.isascii() else _json(value)


def _plain(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a hook has put something else in
        return _json(value)


def _json(value: object) -> str:
    try:
        return json.dumps(value)
    except TypeError:  # likewise
        return json.dumps(value, cls=DataclassEncoder)
