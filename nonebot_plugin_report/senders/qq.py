"""QQ by OneBot v11 and v12. The one place where messages for QQ are built, as segments only.

A string would be parsed for CQ codes by the implementation (OneBot 11, "消息格式"), so text from
outside could act as the bot; a segment array is never parsed.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Final

import pybase64
from nonebot.adapters import Bot, Event
from nonebot.exception import ActionFailed, ApiNotAvailable, NetworkError

from ..model.delivery import Away, Delivered, Delivery, NotSent, Outcome, Unknown
from ..model.image import Image
from ..model.message import Message
from ..model.target import Lane, Target
from .fit import CUT, fit_image
from .history import Histories, Wanted, words
from .onebot import judge, judge_status
from .presence import Presence, sign

V11: Final = "OneBot V11"
V12: Final = "OneBot V12"
BURST: Final = 5
"""Messages that a bot may send at once before REPORT_SEND_INTERVAL applies."""
MAX_TEXT: Final = 4000
"""Characters. QQ refuses messages somewhat longer than this; the limit is not documented."""
FORWARD_FROM: Final = 500
"""Characters from which a merged message is sent as a forward message, which QQ folds."""
# NapNeko/NapCatQQ and ncatbot/NcatBot#39: QQ refuses a picture from about 5 MB on ("rich media
# transfer failed"), and the upload of one has 10 seconds and one more for each 256 KiB.
MAX_PICTURE: Final = 5 * 2**20
"""Bytes of one picture, beyond which a smaller JPEG is made, unless the settings say otherwise."""
PICTURE_FORMATS: Final = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp")
MAX_PICTURES: Final = 8 * 2**20
"""Bytes of all pictures of a message together; a single one may be larger."""
LARGE: Final = 2**20
"""Bytes of pictures from which base64 is made in a thread."""
TEXT_ONLY_AFTER: Final = 2
"""Failed attempts with a picture before the text is sent alone."""
TEXT_ONLY: Final = "截图多次发送失败，只发了文字"
ANSWER_SECONDS: Final = 30.0
"""How long an implementation may take to send a text: the adapter's default."""
STATUS_SECONDS: Final = 10.0
"""How long an implementation may take to say whether it is online."""


_STATUS: Final = re.compile(r"status code: (\d{3})$")
"""In the adapters' words (2.4.6), which are all that they keep of an HTTP status."""


@dataclass(slots=True)
class _Pace:
    """A token bucket (as a virtual schedule): the bot's next message is due at `next_at`."""

    next_at: float = 0.0

    def delay(self, now: float, interval: float) -> float:
        """Count a message; the seconds to wait before it is sent."""
        self.next_at = max(self.next_at, now - interval * (BURST - 1)) + interval
        return max(0.0, self.next_at - interval - now)


class _Call:
    """A scope that ends with TimeoutError when its timeout is rescheduled."""

    def __init__(self, calls: set[asyncio.Timeout]) -> None:
        """`calls` are those of the same bot."""
        self._calls = calls
        self._timeout = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self._calls.add(self._timeout)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._calls.discard(self._timeout)
        await self._timeout.__aexit__(kind, error, trace)


@dataclass(slots=True)
class OneBotSender:
    """Sends by the OneBot bots that are connected to this NoneBot."""

    bots: Callable[[], Mapping[str, Bot]]
    """All connected bots by id, of any adapter."""
    interval: float
    """Seconds between two messages of one bot, after a burst."""
    default_bot: str = ""
    """Sends where a report names no bot; empty: any."""
    max_picture: int | None = MAX_PICTURE
    """Bytes of one picture; None: any."""
    _presence: Presence = field(default_factory=Presence)
    _calls: defaultdict[str, set[asyncio.Timeout]] = field(
        default_factory=lambda: defaultdict[str, set[asyncio.Timeout]](set)
    )
    _paces: defaultdict[str, _Pace] = field(default_factory=lambda: defaultdict[str, _Pace](_Pace))
    _histories: Histories = field(default_factory=Histories)

    def connected(self) -> list[tuple[str, str, bool]]:
        """Each bot of QQ: its id, its adapter, and whether it can send now."""
        return [
            (bot.self_id, bot.type, self._fault(bot) is None)
            for bot in self.bots().values()
            if is_qq(bot)
        ]

    def heard(self, bot: Bot, event: Event) -> bool:
        """Learn from an event whether QQ is online. True: it has just come back."""
        return bot.type == V11 and self._presence.heard(bot.self_id, sign(event))

    async def ask(self) -> bool:
        """Ask the bots whose heartbeats say offline. True: one has come back."""
        back = False
        for self_id in self._presence.to_ask():
            bot = self.bots().get(self_id)
            if bot is not None and await self._says_online(bot):
                back |= self._presence.answered(self_id)
        return back

    async def _says_online(self, bot: Bot) -> bool:
        """OneBot 11, "公开 API/get_status"."""
        try:
            async with self._call(bot.self_id):
                status: object = await bot.call_api("get_status", _timeout=STATUS_SECONDS)
        except Exception:  # noqa: BLE001 - whatever it raises: it did not say so
            return False
        match status:
            case {"online": True}:
                return True
            case _:
                return False

    def disconnected(self, self_id: str) -> None:
        """End this bot's pending calls, which the adapter would leave until their timeout."""
        self._presence.forget(self_id)
        self._histories.forget(self_id)
        for call in self._calls.pop(self_id, ()):
            call.reschedule(asyncio.get_running_loop().time())

    def blocked(self, lane: Lane) -> str | None:
        """Why no bot can send in this lane now, or None."""
        chosen = self._choose(lane)
        return chosen if isinstance(chosen, str) else None

    async def send(self, delivery: Delivery) -> Outcome:
        """Send through the lane's bot, at its pace."""
        bot = self._choose(delivery.lane)
        if isinstance(bot, Bot) and (pause := self._pause(bot.self_id)):
            await asyncio.sleep(pause)
            bot = self._choose(delivery.lane)
        if isinstance(bot, str):
            return Away(bot)
        shrunk, was_shrunk = await with_small_pictures(delivery.message, self.max_picture)
        if was_shrunk:
            delivery = replace(delivery, message=shrunk)
        message, note = fit_message(delivery)
        note = note or was_shrunk
        try:
            async with self._call(bot.self_id):
                if bot.type == V12:
                    return await _send_v12(bot, delivery.lane.target, message, note)
                return await _send_v11(bot, delivery.lane.target, message, note)
        except Exception as error:  # noqa: BLE001 - a closed socket raises whatever the server's WebSocket library does
            return self._judge(bot, error)

    async def seen(self, delivery: Delivery, since: float, until: float) -> int | None:
        """How many such messages the histories of the bots show that may send in this lane."""
        target, like = delivery.lane.target, wanted(delivery)
        found: list[int] = []
        for bot in self._able(delivery.lane):
            with suppress(TimeoutError):  # it disconnected
                async with self._call(bot.self_id):
                    number = await self._histories.count(bot, target, like, since, until)
                found += [] if number is None else [number]
        return sum(found) if found else None

    def _able(self, lane: Lane) -> list[Bot]:
        """The bots that may send in a lane, as far as they can be reached."""
        return [bot for bot in self._meant(lane) if self._fault(bot) is None]

    def _meant(self, lane: Lane) -> Iterable[Bot]:
        """The bots that may send in a lane."""
        wanted = lane.bot or self.default_bot
        return (bot for bot in self.bots().values() if wanted in ("", bot.self_id) and is_qq(bot))

    def _choose(self, lane: Lane) -> Bot | str:
        """The bot for a lane, or why there is none."""
        fault = ""
        for bot in self._meant(lane):
            if (problem := self._fault(bot)) is None:
                return bot
            fault = problem
        wanted = lane.bot or self.default_bot
        return fault or (f"QQ 机器人 {wanted} 没有连接" if wanted else "没有 QQ 机器人连接")

    def _fault(self, bot: Bot) -> str | None:
        return self._presence.fault(bot.self_id) or _unreachable(bot)

    def _pause(self, self_id: str) -> float:
        if not self.interval:
            return 0.0
        now = asyncio.get_running_loop().time()
        return self._paces[self_id].delay(now, self.interval)

    def _call(self, self_id: str) -> "_Call":
        """A scope that ends with TimeoutError when the bot disconnects."""
        return _Call(self._calls[self_id])

    def _judge(self, bot: Bot, error: Exception) -> Outcome:
        """The outcome of an exception from the adapter."""
        match error:
            case ActionFailed():
                return _judge_failure(error)
            case ApiNotAvailable():
                return Away(f"QQ 机器人 {bot.self_id} 不能调用接口")
            case TimeoutError():
                return Unknown("发送途中 QQ 机器人断开了连接")
            case NetworkError() if _unreachable(bot):
                return NotSent("QQ 机器人没有连接")
            case NetworkError() if found := _STATUS.search(str(getattr(error, "msg", ""))):
                return judge_status(int(found[1]))
            case NetworkError():
                return Unknown("QQ 机器人没有在时限内回答")
            case _:
                return Unknown(f"发送时连接出错（{type(error).__name__}）")


def _unreachable(bot: Bot) -> str | None:
    """Why a bot cannot be called, or None."""
    connections: Mapping[str, object] | None = getattr(bot.adapter, "connections", None)
    if connections is None or bot.self_id in connections:
        return None
    # A bot that only posts events over HTTP can be called if its address is set.
    roots = getattr(getattr(bot.adapter, "onebot_config", None), "onebot_api_roots", {})
    return None if bot.self_id in roots else f"QQ 机器人 {bot.self_id} 只有 HTTP 上报，不能发送"


def is_qq(bot: Bot) -> bool:
    """Whether a bot is one of QQ. On other platforms the same number is somebody else.

    OneBot 12, "机器人自身标识": `self.platform` is `qq` for QQ.
    """
    return bot.type == V11 or (bot.type == V12 and getattr(bot, "platform", "") == "qq")


async def with_small_pictures(message: Message, max_picture: int | None) -> tuple[Message, str]:
    """The message with its pictures of at most so many bytes each, and a note: empty, or that they
    were shrunk. One that moves, or that cannot be shrunk, is left to QQ as it is."""
    smaller: dict[Image, Image] = {}
    note = ""
    for one in message.images:
        if max_picture is None or len(one.data) <= max_picture:
            continue
        fitted, done = await fit_image(
            one, max_bytes=max_picture, formats=PICTURE_FORMATS, still=True
        )
        if fitted is not None and fitted is not one:
            smaller[one], note = fitted, done
    return _with_instead(message, smaller) if smaller else message, note


def _with_instead(message: Message, instead: Mapping[Image, Image]) -> Message:
    images = tuple(instead.get(one, one) for one in message.images)
    parts = tuple(_with_instead(part, instead) for part in message.parts)
    return replace(message, images=images, parts=parts)


def fit_message(delivery: Delivery) -> tuple[Message, str]:
    """The message within QQ's limits, and a note of what was left out."""
    return _within(*_with_pictures(delivery.message), delivery.attempts)


def _within(message: Message, note: str, attempts: int) -> tuple[Message, str]:
    """A message with as many pictures as may be sent, as it goes after so many attempts."""
    text, images = message.text, message.images
    if images and attempts >= TEXT_ONLY_AFTER and text:
        images, note = (), TEXT_ONLY
        text = f"{text}\n[{note}]"
    if len(text) > MAX_TEXT:
        text, note = _cut(text), note or CUT
    # Later attempts use a plain message.
    parts = message.parts if attempts < TEXT_ONLY_AFTER else ()
    if (text, images, parts) == (message.text, message.images, message.parts):
        return message, note
    return replace(message, text=text, images=images, parts=parts), note


def wanted(delivery: Delivery) -> Wanted:
    """A delivery's message as a history would show it, whichever attempt arrived."""
    message = delivery.message
    # How many pictures went along depends on how small they could be made.
    kept = [message.images[: number + 1] for number in range(len(message.images))]
    shown = [_with_kept(message, one) for one in kept] or [(message, "")]
    texts = frozenset(
        words(_within(*one, attempts)[0].text) for one in shown for attempts in (0, TEXT_ONLY_AFTER)
    )
    folded = bool(message.parts) and len(message.text) >= FORWARD_FROM
    return Wanted(texts, message.image is not None, folded)


def _with_pictures(message: Message) -> tuple[Message, str]:
    """The message with as many pictures as may be sent at once, and a note of the others."""
    kept: list[Image] = []
    room = MAX_PICTURES
    for image in message.images:
        if not kept or len(image.data) <= room:
            kept.append(image)
            room -= len(image.data)
    return _with_kept(message, kept)


def _with_kept(message: Message, kept: Sequence[Image]) -> tuple[Message, str]:
    """The message with these of its pictures, and a note of the others."""
    if len(kept) == len(message.images):
        return message, ""
    note = f"{len(message.images) - len(kept)} 张截图太大，没有一起发送"
    parts = tuple(_with_only(part, kept) for part in message.parts)
    text = f"{message.text}\n[{note}]"
    return replace(message, text=text, images=tuple(kept), parts=parts), note


def _with_only(part: Message, kept: Sequence[Image]) -> Message:
    """A part of a merged message with those of its pictures that go along."""
    images = tuple(image for image in part.images if image in kept)
    lost = len(images) < len(part.images)
    return replace(part, images=images, text=part.text or "[截图]") if lost else part


def _cut(text: str) -> str:
    """A text within QQ's limit."""
    if len(text) <= MAX_TEXT:
        return text
    mark = f"…\n[内容过长，共 {len(text)} 字，只显示开头]"
    return text[: MAX_TEXT - len(mark)] + mark


async def _send_v11(bot: Bot, target: Target, message: Message, note: str) -> Outcome:
    """OneBot 11, "公开 API": send_private_msg and send_group_msg."""
    options: dict[str, Any] = {}
    if message.images:
        options["_timeout"] = answer_seconds(message)
    number = "user_id" if target.kind == "private" else "group_id"
    options[number] = int(target.id)
    if message.parts and len(message.text) >= FORWARD_FROM:
        nodes = [_node(bot, part) for part in message.parts]
        try:
            await bot.call_api(f"send_{target.kind}_forward_msg", messages=nodes, **options)
            return Delivered(CUT if any(len(p.text) > MAX_TEXT for p in message.parts) else "")
        except ActionFailed as error:
            outcome = _judge_failure(error)
            if isinstance(outcome, Unknown | Away):
                return outcome
            note = "合并转发没有成功，按普通消息发出" + (f"；{note}" if note else "")
    segments = await encode_v11(message)
    await bot.call_api(f"send_{target.kind}_msg", message=segments, **options)
    return Delivered(note)


def _node(bot: Bot, message: Message) -> dict[str, Any]:
    """A node of a forward message, as if the bot had written it.

    OneBot 11, "消息段类型/合并转发自定义节点" (user_id, nickname); go-cqhttp, "合并转发消息节点"
    (uin, name), whose actions those of the forward messages are.
    """
    content = segments_v11(replace(message, text=_cut(message.text)))
    author = {"user_id": bot.self_id, "uin": bot.self_id, "nickname": "推送", "name": "推送"}
    return {"type": "node", "data": {**author, "content": content}}


async def encode_v11(message: Message) -> list[dict[str, Any]]:
    """A message as OneBot 11's segments."""
    if sum(len(image.data) for image in message.images) < LARGE:
        return segments_v11(message)
    # The encoding that follows blocks the loop for long enough.
    return await asyncio.to_thread(segments_v11, message)


def segments_v11(message: Message) -> list[dict[str, Any]]:
    """A message as OneBot 11's segments ("消息段类型": text, image)."""
    segments: list[dict[str, Any]] = []
    if message.text:
        segments.append({"type": "text", "data": {"text": message.text}})
    for image in message.images:
        file = "base64://" + pybase64.b64encode_as_string(image.data)
        segments.append({"type": "image", "data": {"file": file}})
    return segments


async def _send_v12(bot: Bot, target: Target, message: Message, note: str) -> Outcome:
    """OneBot 12, "接口/文件动作" upload_file and "接口/消息动作" send_message."""
    segments: list[dict[str, Any]] = []
    if message.text:
        segments.append({"type": "text", "data": {"text": message.text}})
    for image in message.images:
        try:
            uploaded = await bot.call_api(
                "upload_file",
                type="data",
                name=f"screenshot.{image.extension}",
                data=image.data,
                _timeout=_upload_seconds(image),
            )
            segments.append({"type": "image", "data": {"file_id": uploaded["file_id"]}})
        except ActionFailed as error:
            if not message.text:
                return _judge_failure(error)
            note = "截图上传失败，只发了文字"
            segments.append({"type": "text", "data": {"text": f"\n[{note}]"}})
    number = "user_id" if target.kind == "private" else "group_id"
    receiver = {"detail_type": target.kind, number: target.id}
    await bot.call_api("send_message", message=segments, **receiver)
    return Delivered(note)


async def reply(bot: Bot, target: Target, message: Message) -> Outcome:
    """Answer in a chat at once, without the outbox and its pace.

    Raises:
        ActionFailed, NetworkError: from the adapter.
    """
    send = _send_v12 if bot.type == V12 else _send_v11
    return await send(bot, target, message, "")


def answer_seconds(message: Message) -> float:
    """How long an implementation may take to send a message."""
    return sum(_upload_seconds(image) for image in message.images) or ANSWER_SECONDS


def _upload_seconds(image: Image) -> float:
    """NapCat waits for 10 seconds, and a second more for each 256 KiB."""
    return ANSWER_SECONDS + len(image.data) / (256 * 1024)


def _judge_failure(error: ActionFailed) -> Outcome:
    return judge(getattr(error, "info", None) or vars(error))
