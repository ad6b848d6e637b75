"""Speaks OneBot 11 and 12. Messages are sent as segments only.

A string would be parsed for CQ codes by the implementation (OneBot 11, "消息格式"), so text from
outside could act as the bot; a segment array is never parsed.
"""

from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Final

from nonebot.adapters import Bot
from nonebot.exception import ActionFailed

from ...model.delivery import Away, Delivered, Outcome, Rejected, Unknown
from ...model.message import Message
from ...model.target import Target
from ..fit import CUT
from .calls import picture_turn
from .failures import judge
from .message import (
    MAX_TEXT,
    answer_seconds,
    cut,
    encode_v11,
    is_folded,
    mentions_v11,
    mentions_v12,
    read_message_id,
    segments_v11,
    upload_seconds,
)
from .v11 import send_message

V11: Final = "OneBot V11"
V12: Final = "OneBot V12"


def is_qq(bot: Bot) -> bool:
    """Return whether a bot is on QQ. On other platforms the same number is another user.

    OneBot 12, "机器人自身标识": `self.platform` is `qq` for QQ.
    """
    return bot.type == V11 or (bot.type == V12 and getattr(bot, "platform", "") == "qq")


async def send(
    bot: Bot, target: Target, message: Message, note: str, people: tuple[str, ...] = ()
) -> Outcome:
    """Send by the version of OneBot that a bot speaks, mentioning `people`; `note` says what was
    left out.

    Raises:
        ActionFailed, NetworkError: from the adapter.
    """
    by_version = _send_v12 if bot.type == V12 else _send_v11
    return await by_version(bot, target, message, note, people)


async def _send_v11(
    bot: Bot, target: Target, message: Message, note: str, people: tuple[str, ...]
) -> Outcome:
    """Send by OneBot 11, "公开 API": send_private_msg and send_group_msg."""
    receiver = {"user_id" if target.kind == "private" else "group_id": int(target.id)}
    # Without a picture, as long as NoneBot's settings say.
    seconds = answer_seconds(message) if message.images else bot.config.api_timeout
    if is_folded(message, people):
        nodes = [_node(bot, part) for part in message.parts]
        try:
            action = f"send_{target.kind}_forward_msg"
            answer = await bot.call_api(action, messages=nodes, _timeout=seconds, **receiver)
            note = CUT if any(len(p.text) > MAX_TEXT for p in message.parts) else ""
            return Delivered(note, read_message_id(answer))
        except ActionFailed as error:
            outcome = judge_failure(error)
            if isinstance(outcome, Unknown | Away):
                return outcome
            note = "合并转发没有成功，按普通消息发出" + (f"；{note}" if note else "")
    action = f"send_{target.kind}_msg"
    segments = [*mentions_v11(people), *await encode_v11(message)]
    answer = await send_message(bot, action, message=segments, _timeout=seconds, **receiver)
    return Delivered(note, read_message_id(answer))


def _node(bot: Bot, message: Message) -> dict[str, Any]:
    """Make a node of a forward message, with the bot as its author.

    OneBot 11, "消息段类型/合并转发自定义节点" (user_id, nickname); go-cqhttp, "合并转发消息节点"
    (uin, name), which defines the actions for forward messages.
    """
    content = segments_v11(replace(message, text=cut(message.text)))
    author = {"user_id": bot.self_id, "uin": bot.self_id, "nickname": "推送", "name": "推送"}
    return {"type": "node", "data": {**author, "content": content}}


async def _send_v12(
    bot: Bot, target: Target, message: Message, note: str, people: tuple[str, ...]
) -> Outcome:
    """Send by OneBot 12, "接口/文件动作" upload_file and "接口/消息动作" send_message."""
    segments = mentions_v12(people)
    if message.text:
        segments.append({"type": "text", "data": {"text": message.text}})
    for image in message.images:
        try:
            uploaded = await bot.call_api(
                "upload_file",
                type="data",
                name=f"screenshot.{image.extension}",
                data=image.data,
                _timeout=upload_seconds(image),
            )
            segments.append({"type": "image", "data": {"file_id": uploaded["file_id"]}})
        except ActionFailed as error:
            outcome = judge_failure(error)
            if not message.text or not isinstance(outcome, Rejected):
                return outcome
            note = "截图上传失败，只发了文字"
            segments.append({"type": "text", "data": {"text": f"\n[{note}]"}})
    number = "user_id" if target.kind == "private" else "group_id"
    receiver = {"detail_type": target.kind, number: target.id}
    answer = await bot.call_api("send_message", message=segments, **receiver)
    return Delivered(note, read_message_id(answer))


async def reply(bot: Bot, target: Target, message: Message) -> Outcome:
    """Answer in a chat at once, without the outbox and its pace.

    Raises:
        ActionFailed, NetworkError: from the adapter.
    """
    async with picture_turn(bot) if message.images else nullcontext():
        return await send(bot, target, message, "")


def judge_failure(error: ActionFailed) -> Outcome:
    """Judge what an implementation answered."""
    return judge(getattr(error, "info", None) or vars(error))
