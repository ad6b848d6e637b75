"""Sends deliveries to QQ: chooses account, pace and shape, and judges what comes of it."""

import asyncio
import math
import re
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from loguru import logger
from nonebot.adapters import Bot, Event
from nonebot.exception import ActionFailed, ApiNotAvailable, NetworkError

from ...model.delivery import Away, Delivery, NotSent, Outcome, Unknown
from ...model.message import Message
from ...model.target import Lane, Target
from .accounts import Accounts
from .calls import Call, picture_turn
from .chat_history import Histories
from .clocks import Clocks
from .failures import OutOfReach, judge_status
from .message import (
    MAX_PICTURE,
    appearance_of,
    fit_message,
    is_folded,
    people_to_mention,
    with_small_pictures,
)
from .presence import Presence, Sign, sign
from .shapes import FORWARD_SECONDS, Shapes
from .wire import V11, is_qq, judge_failure, send

BURST: Final = 5
"""Messages that a bot may send at once before REPORT_SEND_INTERVAL applies."""
ALIVE_SECONDS: Final = 3.0
"""How long a bot may take to answer anything, when its account connects a second time."""
START_SECONDS: Final = 60.0
"""How long other accounts may take to connect after the first."""
STATUS_SECONDS: Final = 10.0
"""How long an implementation may take to say whether it is online."""


_STATUS: Final = re.compile(r"status code: (\d{3})$")
"""Finds the status in the adapters' error text (2.4.6): they keep no other trace of it."""


@dataclass(slots=True)
class _Pace:
    """A token bucket (as a virtual schedule): the bot's next message is due at `next_at`."""

    next_at: float = -math.inf
    """By the event loop's clock, which may have begun when the computer was started."""

    def delay(self, now: float, interval: float) -> float:
        """Count a message. Returns the seconds to wait before it is sent."""
        self.next_at = max(self.next_at, now - interval * (BURST - 1)) + interval
        return max(0.0, self.next_at - interval - now)


@dataclass(slots=True)
class OneBotSender:
    """Sends by the OneBot bots that are connected to this NoneBot."""

    bots: Callable[[], Mapping[str, Bot]]
    """All connected bots by id, of any adapter."""
    interval: float
    """Seconds between two messages of one bot, after a burst."""
    default_bot: str = ""
    """Id of the bot for reports that name none; empty: any bot."""
    max_picture: int | None = MAX_PICTURE
    """Bytes of one picture; None: any."""
    _presence: Presence = field(default_factory=Presence)
    _calls: defaultdict[str, set[Call]] = field(
        default_factory=lambda: defaultdict[str, set[Call]](set)
    )
    _paces: defaultdict[str, _Pace] = field(default_factory=lambda: defaultdict[str, _Pace](_Pace))
    _histories: Histories = field(default_factory=Histories)
    clock: Callable[[], float] = time.time
    """Gives epoch seconds."""
    expected: Callable[[], Iterable[str]] = tuple
    """Gives the ids of accounts that were connected before this process was started: they may be
    about to connect again."""
    _began: float | None = None
    """When the first bot connected, by the event loop's clock."""
    _shapes: Shapes = field(default_factory=Shapes)
    _accounts: Accounts = field(default_factory=Accounts)
    _clocks: Clocks = field(default_factory=Clocks)

    def connected(self) -> list[tuple[str, str, bool]]:
        """List each bot of QQ: its id, its adapter, and whether it can send now."""
        return [
            (bot.self_id, bot.type, self._fault(bot) is None)
            for bot in self.bots().values()
            if is_qq(bot)
        ]

    def heard(self, bot: Bot, event: Event) -> bool:
        """Learn from an event whether QQ is online. Returns whether it has just come back."""
        if bot.type != V11:
            return False
        meaning = sign(event)
        if (told := getattr(event, "time", None)) and meaning is not Sign.NONE:
            by_qq = event.get_type() in ("message", "message_sent")
            self._clocks.heard(bot.self_id, told, _now(), by_qq=by_qq)
        self._accounts.heard(bot.self_id, event)
        return self._presence.heard(bot.self_id, meaning)

    def meet(self) -> None:
        """Remember the bots that are connected now."""
        self._began = _now() if self._began is None else self._began
        for bot in self.bots().values():
            if is_qq(bot):
                self._accounts.meet(bot.self_id)

    async def ask(self) -> bool:
        """Ask the bots whose heartbeats say offline. Returns whether any has come back."""
        back = False
        for self_id in self._presence.to_ask():
            bot = self.bots().get(self_id)
            if bot is not None and await self._says_online(bot):
                back |= self._presence.answered(self_id)
        return back

    async def end_dead(self, self_id: str) -> None:
        """End the calls and the connection of a bot that answers nothing, as its account has
        connected anew: the adapter refuses that until it notices by itself."""
        bot = self.bots().get(self_id)
        if bot is None or not is_qq(bot) or await _is_alive(bot):
            return
        self.end_calls(self_id)
        connections: Mapping[str, Any] = getattr(bot.adapter, "connections", {})
        if (connection := connections.get(self_id)) is not None:
            logger.warning(f"QQ 机器人 {self_id} 又连了一次，旧的连接没有回应，断开它")
            with suppress(Exception):  # whatever the server's WebSocket library raises
                await connection.close()

    async def _says_online(self, bot: Bot) -> bool:
        """Ask for the status (OneBot 11, "公开 API/get_status")."""
        try:
            with self._call(bot.self_id):
                status: object = await bot.call_api("get_status", _timeout=STATUS_SECONDS)
        except Exception:  # noqa: BLE001 - any error means: no answer "online"
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
        self._accounts.forget(self_id)
        self._clocks.forget(self_id)
        self.end_calls(self_id)

    def end_calls(self, self_id: str) -> None:
        """End this bot's pending calls."""
        for call in self._calls.pop(self_id, ()):
            call.end()

    def blocked(self, lane: Lane) -> str | None:
        """Return why no bot can send in this lane now, or None."""
        chosen = self._choose(lane)
        return chosen if isinstance(chosen, str) else None

    async def send(self, delivery: Delivery) -> Outcome:
        """Send through the lane's bot, at its pace. Where that one does not reach the receiver, the
        others are asked, too."""
        lane, asked = delivery.lane, set[str]()
        refusal: OutOfReach | None = None
        while True:
            await self._learn(lane)
            bot = self._choose(lane, asked)
            if not isinstance(bot, str) and (pause := self._pause(bot.self_id)):
                await asyncio.sleep(pause)
                bot = self._choose(lane, asked)
            if isinstance(bot, str):
                return refusal if refusal and not self._absent(lane) else Away(bot)
            outcome = await self._send_by(bot, delivery)
            if not isinstance(outcome, OutOfReach):
                self._accounts.keep(lane, bot.self_id)
                return outcome
            asked.add(bot.self_id)
            refusal = outcome
            self._accounts.refuse(bot.self_id, lane.target, _now())

    async def _send_by(self, bot: Bot, delivery: Delivery) -> Outcome:
        """Send by a bot."""
        shrunk, was_shrunk = await with_small_pictures(delivery.message, self.max_picture)
        if was_shrunk:
            delivery = replace(delivery, message=shrunk)
        shape = self._shapes.choose(delivery, bot.self_id, _now())
        message, note = fit_message(delivery.message, shape)
        people = people_to_mention(delivery)
        target = delivery.lane.target
        outcome = await self._send_message(bot, target, message, note or was_shrunk, people)
        folded = bot.type == V11 and is_folded(message, people)
        if self.bots().get(bot.self_id) is bot:  # a lost connection tells nothing of the chat
            shape = replace(shape, folded=folded)
            self._shapes.note(delivery, bot.self_id, shape, outcome, _now())
        if folded and isinstance(outcome, Unknown):
            return Unknown(outcome.reason, FORWARD_SECONDS)
        return outcome

    async def _send_message(
        self, bot: Bot, target: Target, message: Message, note: str, people: tuple[str, ...]
    ) -> Outcome:
        """Send by a bot; with pictures, when those before it are answered."""
        async with picture_turn(bot) if message.images else nullcontext():
            if self.bots().get(bot.self_id) is not bot:  # it disconnected meanwhile
                return Away(f"QQ 机器人 {bot.self_id} 断开了连接")
            try:
                with self._call(bot.self_id):
                    return await send(bot, target, message, note, people)
            except Exception as error:  # noqa: BLE001 - a closed socket raises whatever the server's WebSocket library does
                return self._judge(bot, error)

    async def seen(self, delivery: Delivery, since: float, until: float) -> int | None:
        """Count such messages in the histories of all bots that may send in this lane."""
        target, appearance = delivery.lane.target, appearance_of(delivery)
        counts: list[int] = []
        for bot in self._able(delivery.lane):
            with suppress(TimeoutError):  # it disconnected
                with self._call(bot.self_id):
                    ahead = self._ahead(bot.self_id)
                    number = await self._histories.count(
                        bot, target, appearance, since + ahead, until + ahead
                    )
                counts += [] if number is None else [number]
        if not counts:
            return None
        if not any(counts):
            self._shapes.miss(delivery, _now())
        return sum(counts)

    def _able(self, lane: Lane) -> list[Bot]:
        """List the reachable bots that may send in a lane."""
        return [bot for bot in self._bots_for(lane) if self._fault(bot) is None]

    def _bots_for(self, lane: Lane) -> list[Bot]:
        """List the bots that may send in a lane."""
        bot_id = lane.bot or self.default_bot
        return [bot for bot in self.bots().values() if bot_id in ("", bot.self_id) and is_qq(bot)]

    def _ahead(self, self_id: str) -> float:
        """Compute the seconds by which a bot's clock is ahead of this computer's."""
        told = self._clocks.read(self_id, _now())
        return 0.0 if told is None else told - self.clock()

    async def _learn(self, lane: Lane) -> None:
        """Read whom the bots reach that may send in a lane, if there is a choice."""
        able = self._able(lane)
        if len(able) > 1 or (able and self._absent(lane)):
            await self._accounts.learn(able, _now())

    def _choose(self, lane: Lane, asked: Collection[str] = ()) -> Bot | str:
        """Choose the bot for a lane among those that were not `asked`, or return why there is
        none."""
        able = self._able(lane)
        if not able:
            return self._why_none(lane)
        left = [bot for bot in able if bot.self_id not in asked]
        if chosen := self._accounts.choose(lane, left, _now()):
            return chosen
        if absent := self._absent(lane):
            return f"连着的 QQ 机器人都发不到这里；等 {absent} 连上"
        return left[0] if left else "连着的 QQ 机器人都发不到这里"

    def _absent(self, lane: Lane) -> str:
        """Name a bot that may send in a lane, and was connected before; empty: there is none."""
        if lane.bot or self.default_bot:
            return ""
        able = [bot.self_id for bot in self._able(lane)]
        if absent := self._accounts.absent(able):
            return absent
        starting = self._began is not None and _now() - self._began < START_SECONDS
        return next((one for one in self.expected() if one not in able), "") if starting else ""

    def _why_none(self, lane: Lane) -> str:
        """Explain why no bot can send in a lane (Chinese)."""
        faults = [self._fault(bot) for bot in self._bots_for(lane)]
        bot_id = lane.bot or self.default_bot
        missing = f"QQ 机器人 {bot_id} 没有连接" if bot_id else "没有 QQ 机器人连接"
        return next((fault for fault in reversed(faults) if fault), missing)

    def _fault(self, bot: Bot) -> str | None:
        return self._presence.fault(bot.self_id) or _unreachable(bot)

    def _pause(self, self_id: str) -> float:
        if not self.interval:
            return 0.0
        now = asyncio.get_running_loop().time()
        return self._paces[self_id].delay(now, self.interval)

    def _call(self, self_id: str) -> Call:
        """Make a scope that ends with TimeoutError when the bot disconnects."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker: only coroutines call
        return Call(self._calls[self_id], task)

    def _judge(self, bot: Bot, error: Exception) -> Outcome:
        """Judge an exception from the adapter."""
        match error:
            case ActionFailed():
                return judge_failure(error)
            case ApiNotAvailable():
                return Away(f"QQ 机器人 {bot.self_id} 不能调用接口")
            case TimeoutError():
                return Unknown("发送途中 QQ 机器人断开了连接")
            case NetworkError() if _unreachable(bot):
                return NotSent("QQ 机器人没有连接")
            case NetworkError() if match := _STATUS.search(str(getattr(error, "msg", ""))):
                return judge_status(int(match[1]))
            case NetworkError():
                return Unknown("QQ 机器人没有在时限内回答")
            case _:
                return Unknown(f"发送时连接出错（{type(error).__name__}）")


def _unreachable(bot: Bot) -> str | None:
    """Return why a bot cannot be called, or None."""
    connections: Mapping[str, object] | None = getattr(bot.adapter, "connections", None)
    if connections is None or bot.self_id in connections:
        return None
    # A bot that only posts events over HTTP can be called if its address is set.
    roots = getattr(getattr(bot.adapter, "onebot_config", None), "onebot_api_roots", {})
    return None if bot.self_id in roots else f"QQ 机器人 {bot.self_id} 只有 HTTP 上报，不能发送"


async def _is_alive(bot: Bot) -> bool:
    """Whether a bot answers at all (OneBot 11, "公开 API/get_status")."""
    try:
        async with asyncio.timeout(ALIVE_SECONDS):
            await bot.call_api("get_status")
    except ActionFailed:
        return True
    except Exception:  # noqa: BLE001 - a closed socket raises whatever the server's WebSocket library does
        return False
    return True


def _now() -> float:
    """Seconds of a clock that is never set."""
    return asyncio.get_running_loop().time()
