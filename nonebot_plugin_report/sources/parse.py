"""Makes a report from any dialect of our fields.

Pure: fields in, a `Report` out, or `InvalidReport` that names the field.
The dialects are those of BetterGI since 2025-02 (numeric and named results, timestamps with seven
digits, `send_to: ""`, a screenshot that is an object) and of the older nonebot-plugin-report.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final, cast

from ..errors import InvalidReport
from ..model.numbers import MAX_ID_LENGTH, bot_id, qq_number
from ..model.report import Report, Result, read_result
from ..model.text import clean
from ..model.timing import read_timestamp
from .screenshots import read_pictures

MAX_TARGETS: Final = 100
MAX_TEXT: Final = 65_536
"""Most characters of `message`, and of `content`."""
MAX_LENGTHS: Final[Mapping[str, int]] = {
    "title": 512, "content": MAX_TEXT, "message": MAX_TEXT, "event": 128, "result": 64,
    "timestamp": 64,
}  # fmt: skip
"""Most characters of each field; a longer text is cut."""
MAX_DATA: Final = 65_536
"""Most characters of `data` as JSON; longer data is left out."""
ALIASES: Final = {
    "screenshot": "image",
    "screenshots": "images",
    "send_from": "from",
    "send_to": "to",
    "send_to_group": "to_group",
}
_KEYS: Final = {
    name: tuple(dict.fromkeys((name, ALIASES.get(name, name))))
    for name in ("send_from", "send_to", "send_to_group", "channel")
}
"""Names of the fields that name recipients or the bot: the full name before its alias."""
_NUMBERS: Final = {"send_to": "QQ 号", "send_to_group": "群号"}
"""Fields that have QQ numbers, and the Chinese word for the number."""
_NO_QUERY: Final[Mapping[str, str]] = MappingProxyType({})
# A bot's or a channel's name may have a semicolon, and no name of ours a space.
_BETWEEN_NAMES: Final = re.compile("[,，]")
_BETWEEN_NUMBERS: Final = re.compile(r"[,，;；、\s]")
OTHERS: Final = ("text", "desp", "body", "msg")
"""Other tools' names for the text; used without `content` and `message`."""


def parse(fields: Mapping[str, object], query: Mapping[str, str] = _NO_QUERY) -> Report:
    """Make a report of a body's fields and the URL's query; the body takes precedence.

    Raises:
        InvalidReport: names the first field that is wrong.
    """
    report = _read(fields, query)
    heading = report.title or report.event or report.message or report.content
    if not (heading or report.images or report.image_fault):
        raise InvalidReport(
            "content", "没有可以发送的内容，请填写 content、message、title 或 event"
        )
    # Loaded after the plugin, as all tools' readers are.
    from .verdicts import judge
    from .words import TOOLS

    return judge(report, TOOLS)


def _read(fields: Mapping[str, object], query: Mapping[str, str]) -> Report:
    texts = _Texts(fields)
    images, fault, left_out = read_pictures(fields)
    key = read_key(fields.get("id"))
    if left_out:
        texts.cut.append(left_out)
    title, content, message = texts.text("title"), texts.text("content"), texts.text("message")
    if not (content or message):
        message, content = _other_words(texts)
    return Report(
        title=title,
        content=content,
        message=message,
        event=texts.text("event"),
        result=_result(texts),
        timestamp=_timestamp(texts),
        images=images,
        image_fault=fault,
        data=_data(texts),
        send_from=_bot(fields, query),
        send_to=_names(fields, query, "send_to"),
        send_to_group=_names(fields, query, "send_to_group"),
        channel=_names(fields, query, "channel"),
        key=key,
        key_with_words=bool(key),
        cut=tuple(texts.cut),
    )


def _number(name: str, value: object) -> int | float:
    """Check that a value which is no text is a number."""
    match value:
        case bool() | dict() | list():
            raise InvalidReport(name, "应为字符串或数字")
        case int() | float():
            return value
        case _:  # json.loads makes nothing else
            raise InvalidReport(name, "类型不受支持")


class _Texts:
    """The texts of a body, each cut to its limit before it is processed."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self.fields = fields
        self.cut: list[str] = []
        """Notes of what was cut (Chinese)."""

    def text(self, name: str) -> str:
        """Get a field as cleaned text."""
        value = self.fields.get(name)
        return "" if value is None else self.cleaned(name, value)

    def other(self, name: str) -> str:
        """Get another tool's field as content; empty if it is no text."""
        match self.fields.get(name):
            case str() as text:
                return self.cleaned("content", text)
            case int() | float() as number if not isinstance(number, bool) and abs(number) < 1e15:
                return str(number)
            case _:
                return ""

    def cleaned(self, name: str, value: object) -> str:
        """Clean a field's value, as text."""
        return clean(self.shorten(name, _written(name, value))).strip()

    def shorten(self, name: str, text: str) -> str:
        """Cut a text to the field's limit."""
        most = MAX_LENGTHS[name]
        if len(text) <= most:
            return text
        self.cut.append(f"{name} 过长，已截到 {most} 字")
        return text[:most]


def _written(name: str, value: object) -> str:
    """Write a field's value as text, as it is."""
    return value if isinstance(value, str) else _digits(name, _number(name, value))


def _digits(name: str, value: float) -> str:
    try:
        return str(value)
    except ValueError:  # an integer of more than sys.get_int_max_str_digits() digits
        raise InvalidReport(name, "数字过长") from None


def _other_words(texts: _Texts) -> tuple[str, str]:
    """Get the texts of other tools' fields as message and content; `text` is the message."""
    text, *others = (texts.other(name) for name in OTHERS)
    return text, next(filter(None, others), "")


def _result(texts: _Texts) -> Result | str | None:
    value = texts.fields.get("result")
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        value = str(value)
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    word = texts.cleaned("result", value)
    return read_result(word) or word


def _timestamp(texts: _Texts) -> datetime | str | None:
    value = texts.fields.get("timestamp")
    if value is None or value == "":
        return None
    value = (
        texts.shorten("timestamp", value) if isinstance(value, str) else _number("timestamp", value)
    )
    try:
        return read_timestamp(value)
    except ValueError:
        return texts.cleaned("timestamp", value) or None


def _data(texts: _Texts) -> str:
    value = texts.fields.get("data")
    if value is None:
        return "null"
    if _is_short(value):
        try:
            text = json.dumps(
                value, ensure_ascii=False, separators=(",", ":"), allow_nan=False,
                default=name_picture,
            )  # fmt: skip
        except (ValueError, RecursionError):  # 1e999 was read as infinity
            raise InvalidReport("data", "数字过大或嵌套层数过多") from None
        if len(text) <= MAX_DATA:
            return clean(text)
    texts.cut.append("data 过大，没有保留")
    return "null"


def name_picture(_: object) -> str:
    """Name a picture in `data` in place of its bytes: these came as a part or a body of their own,
    and anything else in a body is JSON."""
    return "[图片]"


def _is_short(value: object) -> bool:
    """Whether a value's JSON may be within MAX_DATA; looks at no more than that."""
    budget, parts = MAX_DATA, [value]
    while parts:
        part = parts.pop()
        # Not by `match`, which takes four times as long: there may be MAX_DATA parts.
        if isinstance(part, str | bytes):
            budget -= len(part)
        elif isinstance(part, dict):
            items = cast("dict[str, object]", part)
            budget -= sum(map(len, items)) + len(items)
            parts.extend(items.values() if budget >= 0 else ())
        elif isinstance(part, list):
            values = cast("list[object]", part)
            budget -= len(values)
            parts.extend(values if budget >= 0 else ())
        elif isinstance(part, int):
            budget -= part.bit_length() // 4  # a digit is a little more than three bits
        budget -= 1
        if budget < 0:
            return False
    return True


def read_key(value: object) -> str:
    """Read an `id`; None: it is empty.

    Raises:
        InvalidReport: it is too long, or neither text nor a number.
    """
    if value is None:
        return ""
    key = _written("id", value).strip()
    if len(key) > MAX_ID_LENGTH:
        raise InvalidReport("id", f"最多 {MAX_ID_LENGTH} 个字符")
    return clean(key).strip()


def _bot(fields: Mapping[str, object], query: Mapping[str, str]) -> str:
    named = _names(fields, query, "send_from")
    try:
        return bot_id(named[0]) if named else ""
    except ValueError as error:
        raise InvalidReport("send_from", str(error)) from None


def _names(fields: Mapping[str, object], query: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Read the ids in a field of the body, else of the query; the full name before its alias."""
    for source in (fields, query):
        for key in _KEYS[name]:
            value = source.get(key)
            if value is None or value == "":
                continue
            if names := _split_text(name, value) if isinstance(value, str) else _split(name, value):
                return names
    return ()


def _split(name: str, value: object) -> tuple[str, ...]:
    """Split a number, a string with separators, or a list of both, into ids without duplicates.

    Entries are counted first, so that a list of millions costs nothing.
    """
    parts = cast("list[object]", value) if isinstance(value, list) else [value]
    names: list[str] = []
    for part in parts[: MAX_TARGETS + 1]:
        names += _ids(name, part)
        if len(names) > MAX_TARGETS:
            break
    if max(len(parts), len(names)) > MAX_TARGETS:
        raise InvalidReport(name, f"最多 {MAX_TARGETS} 个")
    if (noun := _NUMBERS.get(name)) is not None:
        names = [_qq_number(name, one, noun) for one in names]
    return tuple(dict.fromkeys(names))


_split_text: Final = lru_cache(maxsize=64)(_split)
"""`_split` for texts: these are short, and a tool names the same recipients each time."""


def _qq_number(name: str, text: str, noun: str) -> str:
    try:
        return qq_number(text, noun)
    except ValueError as error:
        raise InvalidReport(name, str(error)) from None


def _ids(name: str, part: object) -> list[str]:
    match part:
        case bool() | dict() | list():
            raise InvalidReport(name, "应为数字、字符串、逗号分隔的字符串，或它们组成的列表")
        case str() if len(part) > MAX_TARGETS * MAX_ID_LENGTH:
            raise InvalidReport(name, f"过长，最多 {MAX_TARGETS} 个")
        case str():
            between = _BETWEEN_NUMBERS if name in _NUMBERS else _BETWEEN_NAMES
            ids = [one.strip() for one in between.split(clean(part)) if one.strip()]
        case int():
            ids = [_digits(name, part)]
        case float() if part.is_integer() and abs(part) < 2**53:
            ids = [_digits(name, int(part))]
        case None:
            ids = []
        case _:
            raise InvalidReport(name, "应为整数或字符串")
    return ids
