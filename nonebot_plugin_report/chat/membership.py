"""Asks OneBot whether a user is the bot's friend or a group's member.

No answer, or an odd one, means no.
"""

from collections.abc import Sequence
from typing import Final, cast

from nonebot import logger
from nonebot.adapters import Bot, Event

from ..senders.qq.wire import V11

MOST_FRIENDS: Final = 10_000
"""More friends than a QQ account can have; a longer list is not trusted."""


async def may_bind(allowed: Sequence[str], bot: Bot, event: Event) -> bool:
    """Whether REPORT_BIND (`allowed`) lets the user of an event have a token."""
    if "friends" in allowed and await _is_friend(bot, event):
        return True
    groups = (one.removeprefix("group:") for one in allowed if one.startswith("group:"))
    for group in groups:
        if await _is_member(bot, event.get_user_id(), group):
            return True
    return False


async def _is_friend(bot: Bot, event: Event) -> bool:
    """From the event, if OneBot 11 says so ("消息事件/私聊消息": sub_type), else by the
    list of friends.

    OneBot 11, "公开 API", and OneBot 12, "用户接口": get_friend_list. A sub_type of OneBot 12 is
    each implementation's own, and empty as a rule.
    """
    if bot.type == V11 and (kind := getattr(event, "sub_type", "")):
        return kind == "friend"
    friends = await _ask(bot, "get_friend_list")
    if not isinstance(friends, list):
        return False
    friends = cast("list[object]", friends)
    user = event.get_user_id()
    return len(friends) <= MOST_FRIENDS and any(_is_user(one, user) for one in friends)


async def _is_member(bot: Bot, user: str, group: str) -> bool:
    """OneBot 11, "公开 API"; OneBot 12, "群组接口": a user who is not a member is a failure."""
    number = int if bot.type == V11 else str
    member = await _ask(bot, "get_group_member_info", group_id=number(group), user_id=number(user))
    if not isinstance(member, dict):
        return False
    member = cast("dict[object, object]", member)
    return _is_user(member, user) and str(member.get("group_id", group)) == group


async def _ask(bot: Bot, action: str, **params: object) -> object:
    """An implementation's answer; None without one."""
    try:
        return await bot.call_api(action, **params)
    except Exception as error:  # noqa: BLE001 - a closed socket raises whatever the server's WebSocket library does
        logger.warning(f"QQ 机器人 {bot.self_id} 没有回答 {action}：{type(error).__name__}")
        return None


def _is_user(member: object, user: str) -> bool:
    """Whether an implementation's answer is about a user: ids are numbers in OneBot 11, text in
    OneBot 12."""
    if not isinstance(member, dict):
        return False
    named = cast("dict[object, object]", member).get("user_id")
    return isinstance(named, int | str) and str(named) == user
