"""Whether a bot has lost QQ, by what it is heard to say."""

from typing import Any

import pytest
from nonebot.adapters.onebot.v11 import Adapter

from nonebot_plugin_report.senders.qq.presence import Presence, Sign, sign

BOT = "10000"


def event(**fields: Any) -> Sign:
    """What follows from an event as it comes over the wire."""
    read = Adapter.json_to_event({"time": 1, "self_id": 10000, **fields})
    assert read is not None
    return sign(read)


def heartbeat(*, online: bool) -> Sign:
    status = {"online": online, "good": True}
    return event(post_type="meta_event", meta_event_type="heartbeat", status=status, interval=5000)


MESSAGE: dict[str, Any] = {
    "post_type": "message", "message_type": "private", "sub_type": "friend", "message_id": 1,
    "user_id": 1, "message": [], "raw_message": "", "font": 0, "sender": {},
}  # fmt: skip
LEFT = {"post_type": "notice", "notice_type": "bot_offline", "user_id": 10000, "tag": "被踢下线"}


def test_each_event_is_a_sign() -> None:
    assert event(**MESSAGE) is Sign.ALIVE
    assert event(**{**MESSAGE, "post_type": "message_sent"}) is Sign.ALIVE
    assert event(**LEFT, message="x") is Sign.LEFT
    assert event(post_type="notice", notice_type="bot_online", reason=0) is Sign.ALIVE
    assert event(post_type="notice", notice_type="friend_recall", user_id=1) is Sign.ALIVE
    assert event(post_type="request", request_type="friend", user_id=1) is Sign.ALIVE
    assert heartbeat(online=True) is Sign.ONLINE
    assert heartbeat(online=False) is Sign.OFFLINE
    connected = event(post_type="meta_event", meta_event_type="lifecycle", sub_type="connect")
    assert connected is Sign.NONE


def test_a_heartbeat_that_says_offline_is_believed_until_one_says_online() -> None:
    presence = Presence()
    assert not presence.heard(BOT, Sign.OFFLINE)
    assert "心跳" in (presence.fault(BOT) or "")
    assert presence.fault("2000") is None
    assert presence.heard(BOT, Sign.ONLINE)
    assert presence.fault(BOT) is None
    assert not presence.heard(BOT, Sign.ONLINE)


def test_a_heartbeat_that_always_says_online_does_not_undo_a_notice() -> None:
    """Lagrange."""
    presence = Presence()
    assert not presence.heard(BOT, Sign.LEFT)
    assert not presence.heard(BOT, Sign.ONLINE)
    assert presence.fault(BOT) is not None
    assert presence.to_ask() == []  # its get_status always says online, too
    assert not presence.answered(BOT)
    assert presence.heard(BOT, Sign.ALIVE)
    assert presence.fault(BOT) is None


def test_a_heartbeat_that_has_said_offline_after_a_notice_can_undo_it() -> None:
    """NapCat."""
    presence = Presence()
    for one in (Sign.LEFT, Sign.OFFLINE):
        assert not presence.heard(BOT, one)
    assert presence.to_ask() == [BOT]
    assert presence.heard(BOT, Sign.ONLINE)


@pytest.mark.parametrize("proof", ["a message", "get_status"])
def test_a_heartbeat_that_says_offline_for_ever_is_no_longer_believed(proof: str) -> None:
    """LLBot of 2025-12, whose QQ was gone and came back."""
    presence = Presence()
    presence.heard(BOT, Sign.OFFLINE)
    assert presence.answered(BOT) if proof == "get_status" else presence.heard(BOT, Sign.ALIVE)
    presence.heard(BOT, Sign.OFFLINE)
    assert presence.fault(BOT) is None
    presence.heard(BOT, Sign.LEFT)
    assert presence.fault(BOT) is not None
    presence.forget(BOT)
    presence.heard(BOT, Sign.OFFLINE)
    assert presence.fault(BOT) is not None


def test_a_heartbeat_that_says_online_again_is_believed_again() -> None:
    presence = Presence()
    for one in (Sign.OFFLINE, Sign.ALIVE, Sign.ONLINE, Sign.OFFLINE):
        presence.heard(BOT, one)
    assert presence.fault(BOT) is not None
