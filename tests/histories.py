"""What each OneBot implementation shows of a chat's history, from the same messages.

The shapes were read in their sources; see nonebot_plugin_report/senders/qq/chat_history.py.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Segment = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """A message in a chat."""

    by: int
    text: str
    at: float
    images: int = 0
    sequence: int = 1
    """QQ's own number; 0: it was never sent."""
    kinds: tuple[str, ...] = field(default=())
    """Further segments."""


def segments(one: Said) -> list[Segment]:
    found = [{"type": "text", "data": {"text": one.text}}] if one.text else []
    found += [{"type": "image", "data": {"file": "a.jpg", "url": "https://x"}}] * one.images
    return found + [{"type": kind, "data": {"id": "1"}} for kind in one.kinds]


def cq(one: Said) -> str:
    text = one.text.replace("&", "&amp;").replace("[", "&#91;").replace("]", "&#93;")
    text += "[CQ:image,file=a.jpg,url=https://x]" * one.images
    return text + "".join(f"[CQ:{kind},id=1]" for kind in one.kinds)


def napcat(said: Iterable[Said], *, array: bool = True) -> dict[str, Any]:
    """4.7 on. What was never sent stands among the others."""
    return {
        "messages": [
            {
                "self_id": 10000, "user_id": one.by, "time": int(one.at),
                "message_id": 900 + number, "message_seq": 900 + number, "real_id": 900 + number,
                "real_seq": str(one.sequence), "message_type": "private",
                "sender": {"user_id": one.by, "nickname": "x", "card": ""},
                "raw_message": cq(one), "font": 14, "sub_type": "friend",
                "message": segments(one) if array else cq(one),
                "message_format": "array" if array else "string", "post_type": "message_sent",
            }
            for number, one in enumerate(said)
        ]
    }  # fmt: skip


def napcat_as_text(said: Iterable[Said]) -> dict[str, Any]:
    """With its setting `messagePostFormat: string`."""
    return napcat(said, array=False)


def old_napcat(said: Iterable[Said]) -> dict[str, Any]:
    """Before 4.7 it did not show QQ's own number."""
    answer = napcat(said)
    for one in answer["messages"]:
        del one["real_seq"]
    return answer


def llbot(said: Iterable[Said]) -> dict[str, Any]:
    """It asks QQ's server, by number."""
    return {
        "messages": [
            {
                "self_id": 10000, "user_id": one.by, "time": int(one.at), "message_id": 7 + number,
                "message_seq": one.sequence, "message_type": "group", "font": 14,
                "sender": {"user_id": one.by, "nickname": "x"}, "raw_message": cq(one),
                "sub_type": "normal", "message": segments(one), "message_format": "array",
                "group_id": 777, "group_name": "x",
            }
            for number, one in enumerate(said)
            if one.sequence
        ]
    }  # fmt: skip


def lagrange(said: Iterable[Said]) -> dict[str, Any]:
    """No number at all."""
    return {
        "messages": [
            {
                "message_type": "group", "sub_type": "normal", "message_id": 7, "group_id": 777,
                "user_id": one.by, "anonymous": None, "message": segments(one),
                "raw_message": cq(one), "font": 0, "sender": {"user_id": one.by, "nickname": "x"},
                "time": int(one.at), "self_id": 10000, "post_type": "message",
            }
            for one in said
            if one.sequence
        ]
    }  # fmt: skip


def go_cqhttp(said: Iterable[Said]) -> dict[str, Any]:
    """Groups alone, and text as CQ codes unless it is set otherwise."""
    return {
        "messages": [
            {
                "anonymous": None, "font": 0, "group_id": 777, "message": cq(one),
                "message_id": -7, "message_seq": one.sequence, "message_type": "group",
                "post_type": "message", "raw_message": cq(one), "self_id": 10000,
                "sender": {"user_id": one.by, "nickname": "x", "card": ""}, "sub_type": "normal",
                "time": int(one.at), "user_id": one.by,
            }
            for one in said
            if one.sequence
        ]
    }  # fmt: skip


Shape = Callable[[Iterable[Said]], dict[str, Any]]
TELLING: tuple[Shape, ...] = (napcat, napcat_as_text, llbot, lagrange, go_cqhttp)
"""Those that tell what was sent."""
