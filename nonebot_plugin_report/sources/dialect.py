"""Decides whether a body is in our own dialect, and which of its fields are to be obeyed. Pure.

Ours is a body that names only our fields, with values of their kinds, or has all that BetterGI
writes. In every other body only full names of ours are obeyed; a short name, such as `to`, has the
same meaning there only where its value has: otherwise it is the tool's own word.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, cast

from ..errors import InvalidReport
from ..model.numbers import MAX_ID_LENGTH, bot_id
from ..model.report import read_result
from ..model.value import value_type
from .base import Fields
from .parse import OTHERS, parse
from .screenshots import begins_as_picture

FULL_NAMES: Final = ("screenshot", "screenshots", "send_from", "send_to", "send_to_group")
"""Fields that are obeyed in any body."""
_TEXTS: Final = ("title", "content", "message", "event", "timestamp", "payload", *OTHERS)
_SHOWN: Final = (
    "title", "content", "message", "event", *OTHERS, "screenshot", "screenshots", "image", "images",
)  # fmt: skip
"""Fields that a report can consist of."""
_BETTERGI: Final = frozenset({"event", "result", "timestamp"})
"""Fields that every body of BetterGI has."""
_UNCHECKED: Final = frozenset({"token", "source", "data", *FULL_NAMES})
_EVENT: Final = re.compile(r"[\w.:-]{1,128}")
_HAS_NUMBER: Final = re.compile(r"(?:^|[,，;；、\s])\s*\d+\s*(?:$|[,，;；、\s])")


@value_type
class Addressees:
    """Whom a body can name."""

    bots: frozenset[str] | None = None
    """Ids of the bots that are or were connected; None: any."""
    channels: frozenset[str] | None = None
    """Names of REPORT_CHANNELS; None: any."""


ANYBODY: Final = Addressees()


def is_ours(fields: Fields, addressees: Addressees) -> bool:
    """Whether a body is in our own dialect, in which every field is strict."""
    if not _is_bot(fields.get("from"), addressees):
        return False
    if fields.get("data") and not any(fields.get(name) for name in _SHOWN):
        return False  # what can be shown is within it
    if fields.keys() >= _BETTERGI:
        return all(_is_text(fields[name]) for name in _TEXTS if name in fields)
    others = not fields.keys().isdisjoint(OTHERS)
    for name, value in fields.items():
        if name in _UNCHECKED or value is None:
            continue
        if name == "channel" and others and not _is_channel(value, addressees):
            return False
        kind = _KINDS.get(name)
        if kind is None or not kind(value):
            return False
    return True


def obeyed(fields: Fields, addressees: Addressees) -> dict[str, object]:
    """Choose the fields of another tool's body that mean what they mean in ours."""
    chosen = {name: fields[name] for name in FULL_NAMES if name in fields}
    for name in ("to", "to_group"):
        if fields.get(name) not in (None, "") and _can_parse(name, fields[name]):
            chosen[name] = fields[name]
    for name in ("image", "images"):
        if fields.get(name) not in (None, "", []) and _are_pictures(fields[name]):
            chosen[name] = fields[name]
    if fields.get("from") not in (None, "") and _is_bot(fields["from"], addressees):
        chosen["from"] = fields["from"]
    if fields.get("channel") not in (None, "") and _is_channel(fields["channel"], addressees):
        chosen["channel"] = fields["channel"]
    event, result = fields.get("event"), fields.get("result")
    if isinstance(event, str) and _EVENT.fullmatch(event):
        chosen["event"] = event
    if isinstance(result, str) and read_result(result[:64]) is not None:
        chosen["result"] = result
    return chosen


def read_id(fields: Fields) -> str:
    """Read a body's own `id`; empty: it has none that could be one."""
    value = fields.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    if isinstance(value, int) and value.bit_length() > 4 * MAX_ID_LENGTH:
        return ""
    key = str(value).strip()
    return key if len(key) <= MAX_ID_LENGTH else ""


def _is_text(value: object) -> bool:
    return value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))


def _is_result(value: object) -> bool:
    return isinstance(value, str | int | float)


def _are_numbers(value: object) -> bool:
    """Whether a value is meant as QQ numbers, even if one of them is wrong."""
    return (
        _HAS_NUMBER.search(value[:4096]) is not None if isinstance(value, str) and value else True
    )


def _are_names(value: object) -> bool:
    return isinstance(value, str | int | list)


def _are_pictures(value: object) -> bool:
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    return all(one in (None, "", b"") or begins_as_picture(one) for one in values[:100])


_KINDS: Final[Mapping[str, Callable[[object], bool]]] = {
    **dict.fromkeys(_TEXTS, _is_text),
    "result": _is_result,
    "id": _is_text,
    "channel": _are_names,
    "from": _is_text,
    "to": _are_numbers,
    "to_group": _are_numbers,
    "image": _are_pictures,
    "images": _are_pictures,
}


def _is_bot(value: object, addressees: Addressees) -> bool:
    """Whether a value is the id of a bot that is or was connected; also if there is no value."""
    if value is None or value == "":
        return True
    if isinstance(value, list) and len(cast("list[object]", value)) == 1:
        value = cast("list[object]", value)[0]
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    if isinstance(value, int) and value.bit_length() > 4 * MAX_ID_LENGTH:
        return False
    try:
        named = bot_id(str(value))
    except ValueError:
        return False
    return addressees.bots is None or named in addressees.bots


def _is_channel(value: object, addressees: Addressees) -> bool:
    try:
        names = parse({"content": "x", "channel": value}).channel
    except InvalidReport:
        return False
    return bool(names) and (addressees.channels is None or addressees.channels.issuperset(names))


def _can_parse(name: str, value: object) -> bool:
    try:
        report = parse({"content": "x", name: value})
    except InvalidReport:
        return False
    return bool(report.send_to or report.send_to_group)
