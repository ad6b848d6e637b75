"""A OneBot 11 HTTP API that stores first: `{route}/onebot/{action}`.

OneBot 11, "通信/HTTP" and "公开 API". What sends by it is a report like any other.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from typing import Final

import orjson
import pybase64
from fastapi import FastAPI, Request, Response

from ...errors import Forbidden, InvalidReport, NotFound, Refused, Unreadable, UnsupportedMedia
from ...model.grant import Grant
from ...model.image import Image
from ...model.report import Report
from ...model.status import ReportState
from ...model.target import Kind
from ...model.text import clean_half
from ...sources.onebot import SENDS, read_send
from .. import openapi
from ..answers import json_answer, refusal_in_words, status_of
from ..asgi import PlainRoute
from ..credentials import read_credentials
from ..outgoing import PIECE, Content
from . import schemas
from .entrance import DISTRIBUTION, Entrance, read_fields, with_notes

SUFFIXES: Final = ("_async", "_rate_limited")
"""OneBot 11, "公开 API": other ways to carry an action out. Here all of them store first."""
USAGE: Final = "发送用 send_msg、send_private_msg、send_group_msg"
MAX_ECHO: Final = 256
"""Characters of an `echo` that is given back."""
MAX_WORDS: Final = 2**20
"""Bytes in memory of a message's words, at most."""
_IMAGE_START: Final = b'{"type":"image","data":{"file":"base64://'
_IMAGE_END: Final = b'"}}'
_ENCODED_AT_ONCE: Final = PIECE // 4 * 3

Params = Mapping[str, object]
Action = Callable[[Params, Grant], Awaitable[object]]


class OneBotApi:
    """The API's actions."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._hub = entrance.hub
        self._actions: dict[str, Action] = {
            "get_login_info": self._login,
            "get_status": self._status,
            "get_version_info": self._version,
            "get_friend_list": partial(self._listed, kind="private"),
            "get_group_list": partial(self._listed, kind="group"),
            "get_msg": self._message,
            "delete_msg": self._delete,
            "can_send_image": partial(self._can, yes=True),
            "can_send_record": partial(self._can, yes=False),
        }

    def mount(self, app: FastAPI, route: str) -> None:
        """Add the routes, before the one that takes what is left."""
        for method in ("POST", "GET"):
            app.router.add_api_route(
                f"{route}/onebot/{{action}}", self.call, methods=[method],
                route_class_override=PlainRoute, summary="OneBot 11 的 HTTP API", tags=["onebot"],
                dependencies=openapi.TOKEN, openapi_extra=schemas.ONEBOT,
                responses=schemas.ONEBOT_ANSWERS, include_in_schema=method == "POST",
            )  # fmt: skip

    async def call(self, request: Request) -> Response:
        """做一个动作；发送的动作回答 ok 表示已经存盘，并会送达。"""
        action = str(request.path_params["action"])
        for suffix in SUFFIXES:
            action = action.removesuffix(suffix)
        grant, echo = None, None
        try:
            grant = self._entrance.admit(request)
            if action not in self._actions and action not in SENDS:
                raise NotFound(f"没有这个动作；{USAGE}")
            read = partial(_read, action, request)
            params, report = await self._entrance.read(request, grant, read)
            echo = _echo(params)
            if report is None:
                result = await self._actions[action](params, grant)
                return result if isinstance(result, Response) else _answer(result, echo)
            receipt = await self._hub.submit(report, grant)
            return _answer({"message_id": self._hub.number(receipt.id)}, echo)
        except (Refused, NotFound) as error:
            await self._entrance.refuse(error, request, grant)
            missing = not self._entrance.open and not any(read_credentials(request))
            return _refusal(error, echo, missing=missing)

    async def _login(self, _: Params, __: Grant) -> object:
        bots = sorted(self._hub.bots(), key=lambda bot: not bot[2])
        number = next((self_id for self_id, *_ in bots if self_id.isdecimal()), "0")
        return {"user_id": int(number), "nickname": "推送"}

    async def _status(self, _: Params, __: Grant) -> object:
        online = any(online for *_, online in self._hub.bots())
        return {"online": online, "good": not await self._hub.fault()}

    async def _version(self, _: Params, __: Grant) -> object:
        shown = {"app_name": DISTRIBUTION, "app_version": version(DISTRIBUTION)}
        return {**shown, "protocol_version": "v11"}

    async def _can(self, _: Params, __: Grant, *, yes: bool) -> object:
        return {"yes": yes}

    async def _listed(self, _: Params, grant: Grant, *, kind: Kind) -> object:
        """Everybody the bots know, to the owner; to others whom their token reaches."""
        number = "user_id" if kind == "private" else "group_id"
        if grant.is_master:
            known = await self._hub.known_to_bots(kind)
        else:
            reached = (one for one in grant.scope or () if not isinstance(one, str))
            known = {one.id: "" for one in reached if one.kind == kind}
        name = "nickname" if kind == "private" else "group_name"
        return [{number: int(one), name: called} for one, called in sorted(known.items())]

    async def _message(self, params: Params, grant: Grant) -> Response:
        state = await self._find(params, grant)

        async def load() -> Content:
            try:
                report = await self._hub.history.report(state.id) or Report()
            except Unreadable:
                raise NotFound("这条消息存下的内容读不出来") from None
            described = await self._description(state, report, params, grant)
            return _with_message(_answer(described, _echo(params)), report)

        size = await self._hub.history.picture_bytes(state.id)
        return await self._entrance.outgoing.answer(grant, size + MAX_WORDS, load)

    async def _description(
        self, state: ReportState, report: Report, params: Params, grant: Grant
    ) -> dict[str, object]:
        """What `get_msg` answers, but for the message itself."""
        number = self._hub.number(state.id)
        groups = [one for one in state.deliveries if one.target.kind == "group"]
        return {
            "time": int(state.received_at),
            "message_type": "group" if groups else "private",
            "message_id": number,
            "real_id": number,
            "sender": await self._login(params, grant),
            "message": None,
            "raw_message": _text_of(report),
        }

    async def _delete(self, params: Params, grant: Grant) -> object:
        state = await self._find(params, grant)
        if not await self._hub.withdraw(state.id):
            raise InvalidReport("message_id", "已经发出，撤不回来")
        return None

    async def _find(self, params: Params, grant: Grant) -> ReportState:
        try:
            number = int(str(params.get("message_id"))[:20])
        except ValueError:
            raise InvalidReport("message_id", "应为 send_msg 回答的数字") from None
        state = await self._hub.numbered(number, grant)
        if state is None:
            raise NotFound("没有这条消息")
        return state


def _read(
    action: str, request: Request, content: bytes | bytearray
) -> tuple[dict[str, object], Report | None]:
    """The parameters, and the report of an action that sends."""
    params = read_fields(content, request)
    if action not in SENDS:
        return params, None
    return params, with_notes(read_send(action, params), params)


def _echo(params: Params) -> object:
    match params.get("echo"):
        case str() as text:
            return clean_half(text[:MAX_ECHO])
        case bool() | int() | float() as number if abs(number) < 2**53:
            return number
        case _:
            return None


def _answer(result: object, echo: object) -> Response:
    said: dict[str, object] = {
        "status": "ok", "retcode": 0, "data": result, "message": "", "wording": "",
    }  # fmt: skip
    return json_answer(said if echo is None else {**said, "echo": echo})


def _text_of(report: Report) -> str:
    return "\n".join(filter(None, (report.title, report.body)))


def _with_message(answer: Response, report: Report) -> Content:
    """An answer of `get_msg` whose message is still null, with the message. Pictures become base64
    while they are sent."""
    # Within a string of JSON each quote has a backslash before it: this is the field itself.
    before, _, after = bytes(answer.body).partition(b'"message":null')
    parts: list[bytes | Image] = [before, b'"message":[']
    if text := _text_of(report):
        parts.append(orjson.dumps({"type": "text", "data": {"text": text}}))
    for image in report.images:
        parts += [b"," if len(parts) > 2 else b"", _IMAGE_START, image, _IMAGE_END]
    parts += [b"]", after]
    length = sum(
        4 * ((len(one.data) + 2) // 3) if isinstance(one, Image) else len(one) for one in parts
    )
    return Content("application/json", length, _encoded(parts))


def _encoded(parts: Sequence[bytes | Image]) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, Image):
            for start in range(0, len(part.data), _ENCODED_AT_ONCE):
                yield pybase64.b64encode(part.data[start : start + _ENCODED_AT_ONCE])
        else:
            yield part


def _refusal(error: Refused | NotFound, echo: object, *, missing: bool) -> Response:
    """OneBot 11, "通信/HTTP/响应": the statuses. A failure never has 200: there are tools that look
    at nothing else."""
    match error:
        case NotFound():
            status = 404
        case Forbidden() if missing:
            status = 401
        case InvalidReport():
            status = 400
        case UnsupportedMedia():
            status = 406
        case Refused():
            status = status_of(error)
    said: dict[str, object] = {
        "status": "failed", "retcode": 1000 + status, "data": None,
        "message": str(error), "wording": str(error),
    }  # fmt: skip
    return refusal_in_words(error, said if echo is None else {**said, "echo": echo}, status)
