"""OneBot implementations that do what a test tells them, over real WebSockets.

OneBot 11 is the demo's own; OneBot 12 is spoken here. What a test may script is the same for both.
"""

import asyncio
import base64
import time
import uuid
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, ClassVar, Never, Self

from websockets.exceptions import InvalidHandshake
from websockets.typing import Subprotocol

from nonebot_plugin_report.cli.demo.onebot import (
    ActionRefused,
    Answer,
    OneBot,
    OneBotV11,
    Received,
    failed,
    ok,
)

from .bot import until
from .histories import Said, Shape

PLATFORM = "qq"
REFUSAL = "有一条推送没有收下"


@dataclass(frozen=True, slots=True)
class Ok:
    """Take the message and say so."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Take the message; say so only after `release()`."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Refuse the message."""

    retcode: int
    message: str = ""
    wording: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """Take the message and never say so."""


@dataclass(frozen=True, slots=True)
class CloseBefore:
    """Close the connection when the action arrives; nobody gets the message."""


@dataclass(frozen=True, slots=True)
class CloseAfter:
    """Take the message, and close the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Take the message, and answer that it failed."""

    failure: Fail


NOT_IN_GROUP = Fail(
    1200,
    "EventChecker Failed: NTEvent serviceAndMethod:NodeIKernelMsgService/sendMsg "
    "ListenerName:NodeIKernelMsgListener/onMsgInfoListUpdate EventRet:\n"
    '{\n    "result": 110,\n    "errMsg": "发送失败，你已被移出该群，请重新加群。"\n}\n',
)
"""NapCat, in a group that the account is not in (NapNeko/NapCatQQ#600)."""
GROUP_NOT_FOUND = Fail(100, "GROUP_NOT_FOUND", "群聊不存在")
"""go-cqhttp, there (Mrs4s/go-cqhttp#1762, Moonlark-Dev/XDbot2#205)."""
RICH_MEDIA = Fail(
    1200,
    "EventChecker Failed: NTEvent serviceAndMethod:NodeIKernelMsgService/sendMsg "
    "ListenerName:NodeIKernelMsgListener/onMsgInfoListUpdate EventRet:\n"
    '{\n    "result": -1,\n    "errMsg": "rich media transfer failed"\n}\n',
)
"""NapCat, when a picture could not be uploaded: NapNeko/NapCatQQ#535, #764, #1634."""
TIMED_OUT = Fail(
    1200,
    "Timeout: NTEvent serviceAndMethod:NodeIKernelMsgService/sendMsg "
    "ListenerName:NodeIKernelMsgListener/onMsgInfoListUpdate EventRet:\n"
    '{\n    "result": 0,\n    "errMsg": ""\n}\n',
)
"""NapCat, when QQ does not say what came of a message: forward messages (NapNeko/NapCatQQ#819),
pictures in some groups (#1507)."""
Behaviour = Ok | Hold | Fail | Silence | CloseBefore | CloseAfter | Doubt


class Scripted(OneBot):
    """What both versions can be told. In an `async with` it is joined to the bot."""

    sending: ClassVar[frozenset[str]]
    """The actions that `behave` is about."""

    def __init__(
        self, *, url: str, self_id: str = "10000", access_token: str | None = None
    ) -> None:
        super().__init__(url=url, self_id=self_id, access_token=access_token)
        self.messages: list[Received] = []
        """What was taken, in order."""
        self.refusals: list[Received] = []
        """What tells the owner of a push that could not be read: apart, as nobody waits for it."""
        self.statuses = 0
        """How often its status was asked for."""
        self.dead = False
        """It answers nothing, as after its network was gone."""
        self.ahead = 0.0
        """Seconds by which its clock, and QQ's, is ahead of this computer's."""
        self.ill: list[str] = []
        """The actions that failed by what QQ does not take."""
        self.asked: list[str] = []
        """The histories that were asked for."""
        self.default: Behaviour = Ok()
        """What happens to every message that `behave` says nothing of."""
        self.friends: object = []
        """What get_friend_list answers."""
        self.groups: object = None
        """What get_group_list answers; None: it does not know that action."""
        self.lists_asked: list[str] = []
        """The lists that were asked for."""
        self.member: object = None
        """What get_group_member_info answers, whoever is asked for; None: there is no such."""
        self.quotable: dict[int, str] = {}
        """Who wrote a message that is quoted, by its id."""
        self._behaviours: deque[Behaviour] = deque()
        self._arrival = asyncio.Event()
        self._release = asyncio.Event()
        self._stack = AsyncExitStack()
        self._tasks: asyncio.TaskGroup
        self._listening: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        await self.connect()
        self._tasks = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._listening = self._tasks.create_task(self.listen())
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.drop()
        # The test's own failure is not handed on: the group would wrap it into one of its own.
        await self._stack.aclose()

    async def wait_for(
        self,
        count: int,
        timeout: float = 20.0,
    ) -> list[Received]:
        """The first `count` messages, as soon as they are there."""
        try:
            async with asyncio.timeout(timeout):
                while len(self.messages) < count:
                    self._arrival.clear()
                    await self._arrival.wait()
        except TimeoutError:
            arrived = [(one.target, one.text) for one in self.messages]
            raise AssertionError(f"{count} messages expected, these arrived: {arrived}") from None
        return self.messages[:count]

    async def wait_for_refusal(self) -> Received:
        """The first message about a push that could not be read."""

        async def arrived() -> list[Received]:
            return self.refusals

        return (await until(arrived))[0]

    def behave(self, *behaviours: Behaviour) -> None:
        """What happens to the next messages, one for each."""
        self._behaviours.extend(behaviours)

    def release(self) -> None:
        """Answer all that is held by now."""
        self._release.set()
        self._release = asyncio.Event()

    async def drop(self) -> None:
        """Close the connection."""
        await self.close()

    async def reconnect(self, timeout: float = 20.0) -> None:
        """Join the bot again, as soon as it listens and has noticed that we were gone."""
        await self.drop()
        await self._listening
        await until(self._try_to_connect, timeout)
        self._listening = self._tasks.create_task(self.listen())

    def received(self, message: Received) -> None:
        """Keep it for the test."""
        (self.refusals if REFUSAL in message.text else self.messages).append(message)
        self._arrival.set()

    async def emit_text(self, event: str) -> None:
        """Send an event as it is written: JSON that other libraries do not write."""
        assert self._connection is not None
        await self._connection.send(event)

    async def answer(self, action: str, params: dict[str, Any]) -> Answer:
        """Do what the script says."""
        if self.dead:
            return await _never()
        self.statuses += action == "get_status"
        if action in ("get_friend_list", "get_group_list"):
            self.lists_asked.append(action)
        if action == "get_friend_list":
            return ok(self.friends)
        if action == "get_group_list" and self.groups is not None:
            return ok(self.groups)
        if action == "get_group_member_info" and self.member is not None:
            return ok(self.member)
        if action not in self.sending:
            return await super().answer(action, params)
        is_scripted = self._behaviours and REFUSAL not in str(params)[:500]
        behaviour = self._behaviours.popleft() if is_scripted else self.default
        return await self.act(behaviour, action, params)

    async def act(self, behaviour: Behaviour, action: str, params: dict[str, Any]) -> Answer:
        """Carry out an action in a certain way."""
        if isinstance(behaviour, Fail):
            return failed(behaviour.retcode, behaviour.message, behaviour.wording)
        if isinstance(behaviour, CloseBefore):
            await self._leave()
        answer = await self.carry_out(action, params)
        match behaviour:
            case Ok():
                return answer
            case Hold():
                await self._release.wait()
                return answer
            case Silence():
                return await _never()
            case CloseAfter():
                return await self._leave()
            case Doubt(Fail(retcode, message, wording)):
                return failed(retcode, message, wording)

    async def carry_out(self, action: str, params: dict[str, Any]) -> Answer:
        """Do it as an implementation does."""
        return await super().answer(action, params)

    async def _leave(self) -> Never:
        await self.drop()
        return await _never()

    async def _try_to_connect(self) -> bool:
        try:
            await self.connect()
        except (OSError, InvalidHandshake):
            return False
        return True


class ScriptedV11(Scripted, OneBotV11):
    """A scripted OneBot 11 implementation, for `ws://…/onebot/v11/ws`."""

    sending = frozenset({
        "send_private_msg", "send_group_msg", "send_msg",
        "send_private_forward_msg", "send_group_forward_msg",
    })  # fmt: skip
    forwards = True
    """Whether it knows forward messages, which OneBot 11 itself does not have."""
    history: Shape | None = None
    """As which implementation it shows what was said in a chat; None: as one that cannot."""
    said: tuple[Said, ...] = ()
    """What others said there, and what QQ failed to send."""
    one_upload: bool = False
    """A picture is refused while another one is uploaded (NapNeko/NapCatQQ#535, #764)."""
    upload_seconds: float = 0.05
    """How long one upload takes then."""
    no_forwards_to: frozenset[str] = frozenset()
    """Chats that get no forward messages, about which QQ says nothing (NapNeko/NapCatQQ#819)."""
    no_pictures_to: frozenset[str] = frozenset()
    """Chats that get no pictures, about which QQ says nothing (NapNeko/NapCatQQ#1507)."""
    _uploading: bool = False
    gives_ids = True
    """Whether it tells the id of a message that it sent."""
    members: frozenset[tuple[int, int]] = frozenset()
    """Group and user of everybody who is in a group."""

    async def answer(self, action: str, params: dict[str, Any]) -> Answer:
        """Do what the script says."""
        if action == "get_group_member_info" and self.member is None:
            member = (params["group_id"], params["user_id"])
            if member not in self.members:
                raise ActionRefused(1200, f"群({member[0]})成员{member[1]}不存在")
            return ok({"group_id": member[0], "user_id": member[1]})
        if action == "get_msg":
            return self._quoted(params["message_id"])
        if action in ("get_friend_msg_history", "get_group_msg_history"):
            return self._history(action, params)
        if "forward" in action and not self.forwards:
            raise ActionRefused(self.unknown_action, f"不支持的动作 {action}")
        if action in self.sending and (refusal := self._ill(action, params)) is not None:
            self.ill.append(action)
            return failed(refusal.retcode, refusal.message)
        if self.one_upload and '"image"' in str(params).replace("'", '"'):
            return await self._upload(action, params)
        answer = await super().answer(action, params)
        if not self.gives_ids and isinstance(answer["data"], dict):
            answer["data"].pop("message_id", None)
        return answer

    def _ill(self, action: str, params: dict[str, Any]) -> Fail | None:
        """What QQ does not confirm in this chat."""
        target = self._target(action.replace("_forward", ""), params)
        if "forward" in action and target in self.no_forwards_to:
            return TIMED_OUT
        pictured = any(one["type"] == "image" for one in params.get("message", ()))
        return TIMED_OUT if pictured and target in self.no_pictures_to else None

    async def _upload(self, action: str, params: dict[str, Any]) -> Answer:
        """Send a message with a picture, if no other one is being sent."""
        if self._uploading:
            self.ill.append(action)
            return failed(RICH_MEDIA.retcode, RICH_MEDIA.message)
        self._uploading = True
        await asyncio.sleep(self.upload_seconds)
        self._uploading = False
        return await super().answer(action, params)

    def _quoted(self, message_id: int) -> Answer:
        """OneBot 11, "公开 API/get_msg"."""
        if message_id not in self.quotable:
            raise ActionRefused(1404, "消息不存在")
        return ok({
            "time": 1, "message_type": "group", "message_id": message_id, "real_id": message_id,
            "sender": {"user_id": int(self.quotable[message_id])}, "message": [],
        })  # fmt: skip

    def _meta(self, kind: str, **fields: object) -> dict[str, Any]:
        return {**super()._meta(kind, **fields), "time": int(time.time() + self.ahead)}

    def _history(self, action: str, params: dict[str, Any]) -> Answer:
        self.asked.append(action)
        if self.history is None:
            raise ActionRefused(self.unknown_action, f"不支持的动作 {action}")
        kind, number = ("private", "user_id") if "friend" in action else ("group", "group_id")
        target = f"{kind}:{params[number]}"
        # The clock of their arrival is the monotonic one.
        since = time.time() - time.monotonic() + self.ahead
        own = (
            Said(
                int(self.self_id), one.text, one.at + since, len(one.images), sequence=number,
                kinds=("forward",) if "forward" in one.action else (),
            )
            for number, one in enumerate(self.messages, 100)
            if one.target == target
        )  # fmt: skip
        return ok(self.history([*self.said, *own][-params["count"] :]))

    async def carry_out(self, action: str, params: dict[str, Any]) -> Answer:
        """A forward message (go-cqhttp, "发送合并转发") is taken as one message."""
        if "forward" not in action:
            return await super().carry_out(action, params)
        nodes = [node["data"] for node in params["messages"] if node["type"] == "node"]
        for node in nodes:
            assert node["user_id"] == node["uin"] == self.self_id
            assert node["nickname"] == node["name"]
        segments = [segment for node in nodes for segment in node["content"]]
        self.deliver(action, self._target(action.replace("_forward", ""), params), segments)
        return ok({"message_id": 1, "forward_id": "f"})


class OneBotV12(OneBot):
    """A OneBot 12 implementation."""

    bad_parameters = 10003
    unknown_action = 10002
    """Both: OneBot 12, "数据协议/动作响应", "返回码"."""
    platform = PLATFORM
    subprotocols: ClassVar[list[Subprotocol] | None] = [Subprotocol("12.scripted")]

    def __init__(
        self, *, url: str, self_id: str = "10000", access_token: str | None = None
    ) -> None:
        super().__init__(url=url, self_id=self_id, access_token=access_token)
        self.files: dict[str, bytes] = {}
        """What was uploaded, by file id."""
        self._message_id = 0

    def headers(self) -> dict[str, str]:
        """OneBot 12, "OneBot Connect/通信方式/反向 WebSocket"."""
        return {**super().headers(), "User-Agent": "OneBot/12 (qq) scripted/1.0"}

    def greeting(self) -> list[dict[str, Any]]:
        """OneBot 12, "元接口/元事件": meta.connect, and the status that makes the bot known."""
        version = {"impl": "scripted", "version": "1.0", "onebot_version": "12"}
        return [_meta("connect", version=version), self._status()]

    async def heartbeat(self, *, online: bool) -> None:
        """Tell whether QQ is online: by meta.status_update, as OneBot 12's heartbeat does not."""
        self.online = online
        await self.emit(self._status())

    async def answer(self, action: str, params: dict[str, Any]) -> Answer:
        """OneBot 12, "元接口", "消息接口" and "文件接口"."""
        match action:
            case "send_message":
                self.deliver(action, self._target(params), params.get("message"))
                self._message_id += 1
                return ok({"message_id": str(self._message_id), "time": time.time()})
            case "upload_file":
                return ok({"file_id": self._store(params)})
            case "get_status":
                return ok(self._status()["status"])
            case _:
                return await super().answer(action, params)

    def picture(self, segment: dict[str, Any]) -> bytes:
        """OneBot 12, "消息段/图片"."""
        try:
            return self.files[segment["file_id"]]
        except KeyError:
            raise ActionRefused(10006, "file_id is not one that was uploaded") from None

    def _store(self, params: dict[str, Any]) -> str:
        match params:
            case {"type": "data", "name": str(), "data": str(encoded)}:
                file_id = f"file-{len(self.files) + 1}"
                self.files[file_id] = base64.b64decode(encoded, validate=True)
                return file_id
            case _:
                raise ActionRefused(self.bad_parameters, "type, name and data are needed")

    def _target(self, params: dict[str, Any]) -> str:
        match params:
            case {"detail_type": "private", "user_id": str(user)}:
                return f"private:{user}"
            case {"detail_type": "group", "group_id": str(group)}:
                return f"group:{group}"
            case _:
                raise ActionRefused(self.bad_parameters, "nobody to send to; ids are strings")

    def _status(self) -> dict[str, Any]:
        bot = {"self": {"platform": self.platform, "user_id": self.self_id}, "online": self.online}
        return _meta("status_update", status={"good": True, "bots": [bot]})


class ScriptedV12(Scripted, OneBotV12):
    """A scripted OneBot 12 implementation, for `ws://…/onebot/v12/ws`."""

    sending = frozenset({"send_message"})
    uploads: Behaviour = Ok()
    """What happens to every uploaded file."""

    async def answer(self, action: str, params: dict[str, Any]) -> Answer:
        """Do what the script says, with uploads too."""
        if action == "upload_file":
            return await self.act(self.uploads, action, params)
        return await super().answer(action, params)


def _meta(kind: str, **fields: object) -> dict[str, Any]:
    common = {"id": uuid.uuid4().hex, "time": time.time(), "type": "meta", "sub_type": ""}
    return {**common, "detail_type": kind, **fields}


async def _never() -> Never:
    """Until the connection is closed, which cancels the answers that are still to be given."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")
