"""Decides from events which OneBot bots have lost QQ. Pure."""

from enum import Enum, StrEnum

from nonebot.adapters import Event


class Sign(Enum):
    """The meaning of an event for the connection to QQ."""

    ALIVE = "alive"
    """An event that needs a living connection, such as a message."""
    ONLINE = "online"
    """A heartbeat with `online: true`."""
    OFFLINE = "offline"
    """A heartbeat with `online: false`."""
    LEFT = "left"
    """`notice.bot_offline` of NapCat and Lagrange."""
    NONE = "none"
    """An event without a meaning for the connection."""


class Cause(StrEnum):
    """Why a bot counts as offline."""

    HEARTBEAT = "心跳报告 online: false"
    NOTICE = "它报告已经下线，可能要重新登录 QQ"


def sign(event: Event) -> Sign:
    """Read the sign in an event of OneBot 11.

    A bot of OneBot 12 that is offline is disconnected by the adapter itself.
    """
    match event.get_type():
        case "message" | "message_sent" | "request":
            return Sign.ALIVE
        case "notice":
            is_offline = getattr(event, "notice_type", None) == "bot_offline"
            return Sign.LEFT if is_offline else Sign.ALIVE
        case "meta_event" if event.get_event_name() == "meta_event.heartbeat":
            # OneBot 11, "元事件/心跳": status.online
            online = getattr(getattr(event, "status", None), "online", None)
            return Sign.OFFLINE if online is False else Sign.ONLINE
        case _:
            return Sign.NONE


class Presence:
    """The presence of each bot on QQ, by id."""

    def __init__(self) -> None:
        self._causes: dict[str, Cause] = {}
        """Causes of the bots that are offline."""
        self._doubted: set[str] = set()
        """Bots whose offline heartbeats another event contradicted."""

    def fault(self, self_id: str) -> str | None:
        """Return why a bot cannot send (Chinese), or None."""
        cause = self._causes.get(self_id)
        return None if cause is None else f"QQ 机器人 {self_id} 已掉线（{cause}）"

    def to_ask(self) -> list[str]:
        """List the bots that are offline by a heartbeat alone.

        `get_status` is worth nothing after `notice.bot_offline`: Lagrange's always says online.
        """
        return [self_id for self_id, cause in self._causes.items() if cause is Cause.HEARTBEAT]

    def heard(self, self_id: str, sign: Sign) -> bool:
        """Take a sign in. Returns whether the bot has just come back."""
        match sign:
            case Sign.NONE:
                return False
            case Sign.LEFT:
                self._doubted.discard(self_id)
                self._causes[self_id] = Cause.NOTICE
                return False
            case Sign.OFFLINE:
                if self_id not in self._doubted:
                    self._causes[self_id] = Cause.HEARTBEAT
                return False
            case Sign.ONLINE:
                self._doubted.discard(self_id)
                # Lagrange's heartbeat always says online.
                return self._causes.get(self_id) is Cause.HEARTBEAT and self._back(self_id)
            case Sign.ALIVE:
                return self._refute(self_id)

    def answered(self, self_id: str) -> bool:
        """Take in that `get_status` says online. Returns whether the bot has just come back."""
        return self._causes.get(self_id) is Cause.HEARTBEAT and self._refute(self_id)

    def forget(self, self_id: str) -> None:
        """Forget a disconnected bot."""
        self._causes.pop(self_id, None)
        self._doubted.discard(self_id)

    def _refute(self, self_id: str) -> bool:
        # LLBot of 2025-12 says offline for ever after its QQ was gone once.
        if self._causes.get(self_id) is Cause.HEARTBEAT:
            self._doubted.add(self_id)
        return self._back(self_id)

    def _back(self, self_id: str) -> bool:
        return self._causes.pop(self_id, None) is not None
