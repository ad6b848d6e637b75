"""Decides in which shape a message goes to QQ: with its pictures or without, folded or plain.

What QQ refuses or does not confirm is remembered by delivery, and what a chat does not take for a
day. All of it is in memory: after a restart it is learnt again.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, TypeVar

from ...model.delivery import Delivered, Delivery, NotSent, Outcome, Priority, Unknown
from ...model.target import Target

K = TypeVar("K")
V = TypeVar("V")
PICTURE_SECONDS: Final = 120.0
"""Seconds for which a picture that is refused is sent again before its text goes alone: QQ's
servers for pictures hiccup, or another upload is under way
(https://github.com/NapNeko/NapCatQQ/issues/535, 764)."""
URGENT_SECONDS: Final = 20.0
"""The same where a rule says that the report is urgent."""
REMEMBERED_SECONDS: Final = 86400.0
"""How long a chat counts as one that takes no forward messages, or no pictures."""
FORWARD_SECONDS: Final = 15.0
"""Seconds after which the plain message follows a forward message that the history does not show:
some receivers cannot get any (https://github.com/NapNeko/NapCatQQ/issues/819, 1147)."""
PLAIN_AFTER: Final = 2
"""Failed attempts after which a message is sent as a plain one, where no history can be seen."""
TIMEOUTS: Final = 2
"""Attempts with pictures that end in a timeout before a chat counts as one that takes none
(https://github.com/NapNeko/NapCatQQ/issues/1507)."""
MOST: Final = 1000
"""Deliveries and chats that are remembered."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a message is sent."""

    pictures: bool = True
    """With its pictures; otherwise its text says that they are missing."""
    folded: bool = True
    """As a forward message, where it is a long one of several parts."""
    why: str = ""
    """Why it goes without pictures (Chinese)."""


WHOLE: Final = Shape()
TEXT_ONLY: Final = "截图多次发送失败，只发了文字"
NO_PICTURES: Final = "这个会话最近发不出截图，只发了文字"


@dataclass(slots=True)
class _Trouble:
    """What became of a delivery's attempts with pictures."""

    since: float
    """Seconds, when the first of them was refused or not confirmed."""
    timeouts: int = 0
    refusals: int = 0
    missing: bool = False
    """The chat's history did not show it."""


class Shapes:
    """What is remembered. All times are seconds of one clock that is never set."""

    def __init__(self) -> None:
        self._troubles: OrderedDict[str, _Trouble] = OrderedDict()
        """By delivery."""
        self._last: OrderedDict[str, tuple[str, Shape]] = OrderedDict()
        """The bot and the shape of a delivery's last attempt that nobody confirmed."""
        self._plain: OrderedDict[tuple[str, Target], float] = OrderedDict()
        """Until when a bot's chat counts as one that takes no forward messages."""
        self._without_pictures: OrderedDict[tuple[str, Target], float] = OrderedDict()

    def choose(self, delivery: Delivery, self_id: str, now: float) -> Shape:
        """Choose the shape of a delivery's next attempt by a bot."""
        chat = (self_id, delivery.lane.target)
        folded = self._plain.get(chat, now) <= now and delivery.attempts < PLAIN_AFTER
        if not delivery.message.images or not delivery.message.text:
            return Shape(folded=folded)
        if self._without_pictures.get(chat, now) > now:
            return Shape(pictures=False, folded=folded, why=NO_PICTURES)
        urgent = delivery.handling.priority is Priority.URGENT
        trouble = self._troubles.get(delivery.id)
        waited = 0.0 if trouble is None else now - trouble.since
        if waited >= (URGENT_SECONDS if urgent else PICTURE_SECONDS):
            return Shape(pictures=False, folded=folded, why=TEXT_ONLY)
        return Shape(folded=folded)

    def note(
        self, delivery: Delivery, self_id: str, shape: Shape, outcome: Outcome, now: float
    ) -> None:
        """Note what came of an attempt."""
        match outcome:
            case Unknown():
                _put(self._last, delivery.id, (self_id, shape))
                self._note_trouble(delivery, shape, now, timeouts=1)
            case NotSent(answered=True):
                self._note_trouble(delivery, shape, now, refusals=1)
            case Delivered():
                if not shape.pictures:
                    self._note_chat(delivery, self_id, now)
                self._forget(delivery.id)
            case _:
                pass

    def miss(self, delivery: Delivery, now: float) -> None:
        """Note that the chat's history shows nothing of a delivery."""
        if (trouble := self._troubles.get(delivery.id)) is not None:
            trouble.missing = True
        self_id, shape = self._last.get(delivery.id, ("", WHOLE))
        if self_id and shape.folded:
            _put(self._plain, (self_id, delivery.lane.target), now + REMEMBERED_SECONDS)

    def _note_trouble(
        self, delivery: Delivery, shape: Shape, now: float, *, timeouts: int = 0, refusals: int = 0
    ) -> None:
        if not shape.pictures or not delivery.message.images:
            return
        trouble = self._troubles.get(delivery.id) or _Trouble(now)
        trouble.timeouts += timeouts
        trouble.refusals += refusals
        _put(self._troubles, delivery.id, trouble)

    def _note_chat(self, delivery: Delivery, self_id: str, now: float) -> None:
        """Remember a chat where all that had pictures ended in a timeout, and did not arrive."""
        trouble = self._troubles.get(delivery.id)
        if trouble and trouble.missing and not trouble.refusals and trouble.timeouts >= TIMEOUTS:
            chat = (self_id, delivery.lane.target)
            _put(self._without_pictures, chat, now + REMEMBERED_SECONDS)

    def _forget(self, delivery_id: str) -> None:
        self._troubles.pop(delivery_id, None)
        self._last.pop(delivery_id, None)


def _put(remembered: OrderedDict[K, V], key: K, value: V) -> None:
    remembered[key] = value
    remembered.move_to_end(key)
    if len(remembered) > MOST:
        remembered.popitem(last=False)
