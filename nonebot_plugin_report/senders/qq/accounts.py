"""Chooses among several accounts by whom each of them reaches: its friends and its groups.

The lists are asked for when there is a choice, follow the notices, and are asked for again after a
time. All times are seconds of one clock that is never set.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from nonebot.adapters import Bot, Event

from ...model.target import Kind, Lane, Target
from .diagnosis import read_contacts

FRESH_SECONDS: Final = 600.0
"""How long lists are believed without being asked for again."""
RETRY_SECONDS: Final = 60.0
"""The same where a bot gave none."""
MOST_CONTACTS: Final = 20_000
"""Friends or groups of a list that is believed: more than an account can have."""
MOST_LANES: Final = 10_000
"""Lanes whose account is remembered."""
MOST_ACCOUNTS: Final = 1000


@dataclass(slots=True)
class _Lists:
    """Whom an account reaches."""

    numbers: dict[Kind, set[str] | None] = field(default_factory=dict[Kind, set[str] | None])
    """By kind; None, or no entry: the bot gives no list."""
    refused: dict[Target, float] = field(default_factory=dict[Target, float])
    """Whom QQ said that it does not reach, and until when that is believed."""
    until: float = float("-inf")
    """When they are asked for again."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def reach(self, target: Target, now: float) -> bool | None:
        """Whether the account reaches a target; None: nothing tells."""
        if self.refused.get(target, now) > now:
            return False
        numbers = self.numbers.get(target.kind)
        return None if numbers is None or self.until <= now else target.id in numbers


class Accounts:
    """The accounts that are or were connected, and which of them a lane has."""

    def __init__(self) -> None:
        self._lists: defaultdict[str, _Lists] = defaultdict(_Lists)
        self._chosen: OrderedDict[Lane, str] = OrderedDict()
        self._met: OrderedDict[str, None] = OrderedDict()
        """The accounts that were connected, the last at the end."""

    def meet(self, self_id: str) -> None:
        """Remember that an account is connected."""
        self._met[self_id] = None
        if len(self._met) > MOST_ACCOUNTS:
            self._met.popitem(last=False)

    def forget(self, self_id: str) -> None:
        """Forget the lists of a disconnected account."""
        self._lists.pop(self_id, None)

    def absent(self, connected: Collection[str]) -> str:
        """Name an account that was connected, and is not now; empty: there is none."""
        return next((one for one in reversed(self._met) if one not in connected), "")

    async def learn(self, bots: Sequence[Bot], now: float) -> None:
        """Read the lists of these bots where they are not fresh, side by side."""
        await asyncio.gather(*(self._read(bot, now) for bot in bots if self._is_old(bot, now)))

    def choose(self, lane: Lane, bots: Sequence[Bot], now: float) -> Bot | None:
        """Choose among bots that can send: that which the lane has, then those whose lists have its
        target, then those that give no list. None: none of them reaches it."""
        had = self._chosen.get(lane)
        reached = [
            (bot.self_id != had, reach is None, number)
            for number, bot in enumerate(bots)
            if (reach := self._reach(bot, lane.target, now)) is not False
        ]
        return bots[min(reached)[2]] if reached else None

    def _reach(self, bot: Bot, target: Target, now: float) -> bool | None:
        lists = self._lists.get(bot.self_id)
        return None if lists is None else lists.reach(target, now)

    def keep(self, lane: Lane, self_id: str) -> None:
        """Remember that a lane's messages go by an account."""
        self._chosen[lane] = self_id
        self._chosen.move_to_end(lane)
        if len(self._chosen) > MOST_LANES:
            self._chosen.popitem(last=False)

    def refuse(self, self_id: str, target: Target, now: float) -> None:
        """Note that QQ said that an account does not reach a target."""
        refused = self._lists[self_id].refused
        if len(refused) < MOST_CONTACTS or target in refused:
            refused[target] = now + FRESH_SECONDS

    def heard(self, self_id: str, event: Event) -> None:
        """Follow the notices of OneBot 11 ("通知事件"), and messages, which tell who is there."""
        if (lists := self._lists.get(self_id)) is None:
            return
        kind, number = _contact(event)
        if not number:
            return
        if _is_lost(event, self_id):
            change = set[str].discard
        elif _is_gained(event, self_id):
            change = set[str].add
            lists.refused.pop(Target(kind, number), None)
        else:
            return
        if (numbers := lists.numbers.get(kind)) is not None and len(numbers) < MOST_CONTACTS:
            change(numbers, number)

    def _is_old(self, bot: Bot, now: float) -> bool:
        return self._lists[bot.self_id].until <= now

    async def _read(self, bot: Bot, now: float) -> None:
        lists = self._lists[bot.self_id]
        async with lists.turn:
            if lists.until > now:  # another lane has asked meanwhile
                return
            friends, groups = await asyncio.gather(
                read_contacts("private", bot), read_contacts("group", bot)
            )
            lists.numbers = {"private": _numbers(friends), "group": _numbers(groups)}
            lists.refused.clear()
            lists.until = now + (RETRY_SECONDS if None in (friends, groups) else FRESH_SECONDS)


def _numbers(names: dict[str, str] | None) -> set[str] | None:
    """Take a list's numbers; an empty one may not have been loaded yet."""
    return set(names) if names and len(names) <= MOST_CONTACTS else None


def _contact(event: Event) -> tuple[Kind, str]:
    """Read which group, or else which user, an event is about."""
    group, user = getattr(event, "group_id", None), getattr(event, "user_id", None)
    return ("group", str(group)) if group else ("private", str(user or ""))


def _is_lost(event: Event, self_id: str) -> bool:
    notice = getattr(event, "notice_type", "")
    return notice == "group_decrease" and str(getattr(event, "user_id", "")) == self_id


def _is_gained(event: Event, self_id: str) -> bool:
    notice = getattr(event, "notice_type", "")
    if notice == "group_increase":
        return str(getattr(event, "user_id", "")) == self_id
    if event.get_type() == "message":
        is_friend = getattr(event, "sub_type", "") == "friend"
        return is_friend or bool(getattr(event, "group_id", None))
    return notice == "friend_add"
