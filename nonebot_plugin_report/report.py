"""What a report is, and how every dialect that arrives becomes one.

Pure: bytes and strings in, a `Report` out, or `InvalidReport` that names the field.
The dialects are those of BetterGI since 2025-02 (numeric and named results, timestamps with seven
digits, `send_to: ""`, a screenshot that is an object) and of the older nonebot-plugin-report.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, Never, cast

import orjson
import pybase64

from .errors import InvalidReport
from .image import Image, read_image

MAX_TARGETS: Final = 100
MAX_ID_LENGTH: Final = 128
MAX_BOT_LENGTH: Final = 64
MAX_DIGITS: Final = 19
"""Of a QQ number, which every store and OneBot keeps in 64 bits."""
MAX_TEXT: Final = 65_536
"""Characters of a message, and of a content."""
MAX_LENGTHS: Final[Mapping[str, int]] = {
    "title": 512, "content": MAX_TEXT, "message": MAX_TEXT, "event": 128, "result": 64,
    "timestamp": 64,
}  # fmt: skip
"""Characters; what is longer is cut."""
MAX_DATA: Final = 65_536
"""Characters of `data` as JSON; what is longer is left out."""
MAX_VALUES: Final = 20_000
"""JSON values in one body."""
MAX_WIDE: Final = 2 * 2**20
"""Bytes of JSON that is no ASCII and still goes to the slower parser."""
MAX_GARBLED: Final = 2**20
"""Bytes that are kept of what is text in no charset."""
_SLICE: Final = 2**16
ALIASES: Final = {"send_from": "from", "send_to": "to", "send_to_group": "to_group"}

EVENT_LABELS: Final[Mapping[str, str]] = {
    "notify.test": "测试通知",
    "domain.reward": "自动秘境奖励",
    "domain.start": "自动秘境启动",
    "domain.end": "自动秘境结束",
    "domain.retry": "自动秘境重试",
    "task.cancel": "任务取消",
    "task.error": "任务错误",
    "group.start": "配置组启动",
    "group.end": "配置组结束",
    "dragon.start": "一条龙启动",
    "dragon.end": "一条龙结束",
    "tcg.start": "七圣召唤启动",
    "tcg.end": "七圣召唤结束",
    "album.start": "自动音游专辑启动",
    "album.end": "自动音游专辑结束",
    "album.error": "自动音游专辑错误",
    "daily.reward": "检查每日奖励领取状态",
    "js.custom": "JS自定义事件",
    "js.error": "JS运行时错误",
    "autoeat.start": "自动吃药启动",
    "autoeat.end": "自动吃药结束",
    "autoeat.info": "自动吃药信息",
}


class Result(Enum):
    """How the task that is reported ended; the value is BetterGI's number for it."""

    SUCCESS = 0
    FAIL = 1
    PARTIAL = 2

    @property
    def icon(self) -> str:
        """One emoji."""
        return ("✅", "❌", "⚠️")[self.value]


_RESULT_NAMES: Final = {
    "success": Result.SUCCESS,
    "fail": Result.FAIL,
    "partialsuccess": Result.PARTIAL,
    "0": Result.SUCCESS,
    "1": Result.FAIL,
    "2": Result.PARTIAL,
}


_CHARSETS: Final = {
    "utf8": "utf-8-sig",
    "usascii": "utf-8",
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "utf16": "utf-16",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "iso88591": "latin-1",
    "latin1": "latin-1",
    "windows1252": "cp1252",
    "shiftjis": "shift_jis",
    "euckr": "euc_kr",
}
"""What a sender may name, letters and digits only. Of Python's other codecs some take hours for
what they are given (punycode, idna), and some are none of text."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report as it was sent. Texts have no control characters but newline and tab."""

    title: str = ""
    content: str = ""
    message: str = ""
    event: str = ""
    result: Result | str | None = None
    """A string where it is a word of the sender's own."""
    timestamp: datetime | str | None = None
    """Aware; a string where it could not be read as a time."""
    image: Image | None = None
    image_fault: str = ""
    """Why the screenshot could not be used (Chinese); empty where there was none or it is good."""
    cut: tuple[str, ...] = ()
    """What was too long and had to be cut or left out (Chinese)."""
    data: str = "null"
    """The sender's `data`, as JSON."""
    send_from: str = ""
    send_to: tuple[str, ...] = ()
    send_to_group: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    key: str = ""
    """The sender's own `id`: the same one again is the same report."""
    elapsed: float | None = None
    """Of an end event: seconds since its start event came. Ours to say, not the sender's."""

    @property
    def event_label(self) -> str:
        """The event's Chinese name, or its own where it is not one of BetterGI's list."""
        return EVENT_LABELS.get(self.event, self.event)

    @property
    def heading(self) -> str:
        """Title, else the event."""
        return self.title or self.event_label

    @property
    def body(self) -> str:
        """Message, else content; both where they differ."""
        if self.message and self.content and self.message != self.content:
            return f"{self.message}\n{self.content}"
        return self.message or self.content


def decode(body: bytes | bytearray) -> dict[str, object]:
    """Read a body as the JSON object that it should be.

    UTF-8, also with a byte-order mark, UTF-16 and UTF-32 are told apart as RFC 4627 section 3 does.
    The values in it are counted before any is made: one of three bytes takes a hundred of memory.

    Raises:
        InvalidReport: not JSON, not an object, nested too deeply, or of too many values.
    """
    try:
        fields: object = _loads(_utf8(body))
    except UnicodeDecodeError:
        raise InvalidReport("body", "不是 UTF-8 编码的文本") from None
    except RecursionError:
        raise InvalidReport("body", "嵌套层数过多") from None
    except ValueError:
        raise InvalidReport("body", "不是合法的 JSON") from None
    if not isinstance(fields, dict):
        raise InvalidReport("body", '应为 JSON 对象，例如 {"content": "…"}')
    return cast("dict[str, object]", fields)


def decode_text(body: bytes | bytearray, charset: str = "") -> dict[str, object]:
    """Read a body that is no JSON: all of it is `content`.

    `charset` is what the sender named. Where that is none of `_CHARSETS`, it is UTF-8, else
    GB18030, which is what the command line of a Chinese Windows writes.
    """
    named = _CHARSETS.get(re.sub("[^a-z0-9]", "", charset.lower()))
    for encoding in filter(None, (named, "utf-8-sig", "gb18030")):
        try:
            return {"content": body.decode(encoding)}
        except UnicodeDecodeError:
            continue
    return {"content": body[:MAX_GARBLED].decode("utf-8", errors="replace")}


def parse(fields: Mapping[str, object], query: Mapping[str, str] | None = None) -> Report:
    """Make a report of a body's fields and the URL's query; the body wins where it says something.

    Raises:
        InvalidReport: names the first field that is wrong.
    """
    report = _read(fields, query)
    if not (report.heading or report.body or report.image or report.image_fault):
        raise InvalidReport(
            "content", "没有可以发送的内容，请填写 content、message、title 或 event"
        )
    return report


def dump(report: Report, **more: object) -> bytes:
    """The report as JSON: BetterGI's fields and ours, without picture and receivers, and `more`."""
    fields: dict[str, object] = {
        "event": report.event,
        "result": report.result.value if isinstance(report.result, Result) else report.result,
        "timestamp": report.timestamp and str(report.timestamp),
        "title": report.title,
        "content": report.content,
        "message": report.message,
        "data": None if report.data == "null" else orjson.Fragment(report.data),
    }
    said = {name: value for name, value in fields.items() if value not in ("", None)}
    return orjson.dumps(said | more)


def restore(text: str) -> Report:
    """The report that `dump` wrote.

    Raises:
        InvalidReport: it did not.
    """
    return _read(decode(text.encode()), None)


def _read(fields: Mapping[str, object], query: Mapping[str, str] | None) -> Report:
    image, fault = _read_image(fields.get("screenshot"))
    texts = _Texts(fields)
    return Report(
        title=texts.text("title"),
        content=texts.text("content"),
        message=texts.text("message"),
        event=texts.text("event"),
        result=_result(texts),
        timestamp=_timestamp(texts),
        image=image,
        image_fault=fault,
        data=_data(texts),
        send_from=_bot(fields, query),
        send_to=_numbers(fields, query, "send_to", "QQ 号"),
        send_to_group=_numbers(fields, query, "send_to_group", "群号"),
        channel=_names(fields, query, "channel"),
        key=_key(_scalar(fields, "id")),
        cut=tuple(texts.cut),
    )


_CONTROL: Final = {code: None for code in (*range(32), *range(127, 160)) if code not in (9, 10)}


def clean(text: str) -> str:
    """Text that every store, terminal and chat can take.

    Control characters (ANSI's ESC, NUL) go, line ends become newlines, half of a surrogate pair
    becomes U+FFFD.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROL)
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _utf8(body: bytes | bytearray) -> bytes | bytearray:
    """JSON in any encoding that it may have, as UTF-8 without a byte-order mark."""
    encoding = json.detect_encoding(body)
    return body if encoding == "utf-8" else body.decode(encoding).encode()


def _loads(body: bytes | bytearray) -> object:
    """Four times faster on a screenshot as .NET escapes it; what orjson does not take (half of a
    surrogate pair) the standard library decides."""
    if _count_values(body) > MAX_VALUES:
        raise InvalidReport("body", f"JSON 里的值太多，最多 {MAX_VALUES} 个")
    # The standard library makes text of the whole before it makes values: with a character beyond
    # U+FFFF in it, that is four bytes for each.
    affordable = len(body) <= MAX_WIDE or body.isascii()
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        if not affordable:
            raise
        return json.loads(body, parse_constant=_refuse_constant)
    if affordable and isinstance(fields, dict):
        values = cast("dict[str, object]", fields).values()
        if any(isinstance(one, float) and abs(one) >= 2**53 for one in values):
            return json.loads(body)  # an integer beyond 64 bits, which orjson rounds
    return cast("object", fields)


def _count_values(body: bytes | bytearray) -> int:
    """The values in JSON, nearly: its commas and open brackets outside of strings. Counting ends
    soon after MAX_VALUES; a body too short for so many is not looked at."""
    if len(body) <= MAX_VALUES:
        return 0
    count, quoted, rest = 0, 0, b""
    for start in range(0, len(body), _SLICE):  # in slices: other threads get a turn in between
        piece = rest + body[start : start + _SLICE]
        rest = b"\\" if (len(piece) - len(piece.rstrip(b"\\"))) % 2 else b""
        piece = piece.removesuffix(rest).replace(b"\\\\", b"").replace(b'\\"', b"")
        parts = piece.split(b'"')
        outside = b"".join(parts[quoted::2])
        count += sum(map(outside.count, (b",", b"[", b"{")))
        if count > MAX_VALUES:
            break
        quoted = (quoted + len(parts) - 1) % 2
    return count


def _refuse_constant(_: str) -> Never:
    raise ValueError("NaN and Infinity are no JSON")


def _scalar(fields: Mapping[str, object], name: str) -> str | int | float | None:
    match fields.get(name):
        case bool() | dict() | list():
            raise InvalidReport(name, "应为字符串或数字")
        case str() | int() | float() | None as value:
            return value
        case _:  # json.loads makes nothing else
            raise InvalidReport(name, "类型不受支持")


class _Texts:
    """A body's texts, each as long as it may be: what is longer costs no more than that."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self.fields = fields
        self.cut: list[str] = []
        """What was longer (Chinese)."""

    def scalar(self, name: str) -> str | int | float | None:
        """A field, cut where it is text."""
        value = _scalar(self.fields, name)
        return self.shorten(name, value) if isinstance(value, str) else value

    def text(self, name: str) -> str:
        """A field as text, cleaned."""
        value = self.scalar(name)
        return "" if value is None else self.cleaned(name, value)

    def cleaned(self, name: str, value: str | float) -> str:
        """What a field said, as text."""
        return clean(self.shorten(name, _digits(name, value))).strip()

    def shorten(self, name: str, text: str) -> str:
        """As much of a text as the field may have."""
        most = MAX_LENGTHS[name]
        if len(text) <= most:
            return text
        self.cut.append(f"{name} 过长，已截到 {most} 字")
        return text[:most]


def _digits(name: str, value: str | float) -> str:
    try:
        return str(value)
    except ValueError:  # an integer of more than sys.get_int_max_str_digits() digits
        raise InvalidReport(name, "数字过长") from None


def _result(texts: _Texts) -> Result | str | None:
    value = texts.scalar("result")
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _RESULT_NAMES.get(value.strip().lower(), texts.cleaned("result", value))
    whole = isinstance(value, float) and value.is_integer()
    number = texts.cleaned("result", int(value) if whole else value)
    return _RESULT_NAMES.get(number, number)


def _timestamp(texts: _Texts) -> datetime | str | None:
    value = texts.scalar("timestamp")
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str):
            # A time with no offset is this machine's, as BetterGI's oldest dialect means it.
            return datetime.fromisoformat(value.strip()).astimezone()
        seconds = value / 1000 if value > 1e11 else value  # JavaScript counts milliseconds
        return datetime.fromtimestamp(seconds).astimezone()
    except (ValueError, OverflowError, OSError):
        return texts.cleaned("timestamp", value)


def _data(texts: _Texts) -> str:
    value = texts.fields.get("data")
    if _is_short(value):
        try:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        except (ValueError, RecursionError):  # 1e999 was read as infinity
            raise InvalidReport("data", "数字过大或嵌套层数过多") from None
        if len(text) <= MAX_DATA:
            return clean(text)
    texts.cut.append("data 过大，没有保留")
    return "null"


def _is_short(value: object) -> bool:
    """Whether a value's JSON may be short enough; looks at no more of it than that."""
    left, parts = MAX_DATA, [value]
    while parts:
        part = parts.pop()
        match part:
            case str() | list() | dict():
                size = len(cast("str | list[object] | dict[str, object]", part))
            case int():
                size = part.bit_length() // 4  # a digit is a little more than three bits
            case _:
                size = 0
        left -= size + 1
        if left < 0:
            return False
        if isinstance(part, dict):
            items = cast("dict[str, object]", part)
            left -= sum(map(len, items))
            parts.extend(items.values())
        elif isinstance(part, list):
            parts.extend(cast("list[object]", part))
    return left >= 0


def _key(value: str | float | None) -> str:
    key = "" if value is None else _digits("id", value).strip()
    if len(key) > MAX_ID_LENGTH:
        raise InvalidReport("id", f"最多 {MAX_ID_LENGTH} 个字符")
    return clean(key).strip()


def qq_number(text: str, name: str = "QQ 号") -> str:
    """A number of QQ's in its one form, in which it is compared and stored.

    Raises:
        ValueError: it is none; the text is Chinese and says what `name` should be.
    """
    text = text.strip()
    if text.isdecimal() and len(text) <= MAX_ID_LENGTH:
        number = str(int(text))
        if number != "0" and len(number) <= MAX_DIGITS:
            return number
    raise ValueError(f"{name}应为数字，最多 {MAX_DIGITS} 位")


def bot_id(text: str) -> str:
    """A bot's id in its one form. OneBot 12 has bots whose ids are no numbers.

    Raises:
        ValueError: it is none; the text is Chinese.
    """
    text = text.strip()
    if len(text) > MAX_BOT_LENGTH or not text or not text.isprintable() or " " in text:
        raise ValueError(f"机器人的号码里不能有空格，最多 {MAX_BOT_LENGTH} 个字符")
    return qq_number(text) if text.isdecimal() and text.strip("0") else text


def _numbers(
    fields: Mapping[str, object], query: Mapping[str, str] | None, name: str, called: str
) -> tuple[str, ...]:
    try:
        numbers = [qq_number(one, called) for one in _names(fields, query, name)]
    except ValueError as error:
        raise InvalidReport(name, str(error)) from None
    return tuple(dict.fromkeys(numbers))


def _bot(fields: Mapping[str, object], query: Mapping[str, str] | None) -> str:
    named = _names(fields, query, "send_from")
    try:
        return bot_id(named[0]) if named else ""
    except ValueError as error:
        raise InvalidReport("send_from", str(error)) from None


def _names(
    fields: Mapping[str, object], query: Mapping[str, str] | None, name: str
) -> tuple[str, ...]:
    """The ids under a name: in the body, else in the query; the full name before its alias."""
    for source in (fields, query or {}):
        for key in (name, ALIASES.get(name)):
            said = source.get(key) if key else None
            if said not in (None, "") and (found := _split(name, said)):
                return found
    return ()


def _split(name: str, value: object) -> tuple[str, ...]:
    """A number, a string, a comma list or a list of those, as ids with no repeats.

    Counted before it is looked at: a list of millions costs nothing.
    """
    parts = cast("list[object]", value) if isinstance(value, list) else [value]
    names: list[str] = []
    for part in parts[: MAX_TARGETS + 1]:
        names += _ids(name, part)
        if len(names) > MAX_TARGETS:
            break
    if max(len(parts), len(names)) > MAX_TARGETS:
        raise InvalidReport(name, f"最多 {MAX_TARGETS} 个")
    return tuple(dict.fromkeys(names))


def _ids(name: str, part: object) -> list[str]:
    match part:
        case bool() | dict() | list():
            raise InvalidReport(name, "应为数字、字符串、逗号分隔的字符串，或它们组成的列表")
        case str() if len(part) > MAX_TARGETS * MAX_ID_LENGTH:
            raise InvalidReport(name, f"过长，最多 {MAX_TARGETS} 个")
        case str():
            # A bot's or a channel's name may have a semicolon, and no name of ours a space.
            between = r"[,，;；\s]" if name.startswith("send_to") else "[,，]"
            ids = [one.strip() for one in re.split(between, clean(part)) if one.strip()]
        case int():
            ids = [_digits(name, part)]
        case float() if part.is_integer() and abs(part) < 2**53:
            ids = [_digits(name, int(part))]
        case None:
            ids = []
        case _:
            raise InvalidReport(name, "应为整数或字符串")
    return ids


def _read_image(value: object) -> tuple[Image | None, str]:
    """The screenshot, or why it is of no use: it never costs the report its text."""
    if value is None or value == "":
        return None, ""
    if not isinstance(value, str):
        return None, "不是 base64 字符串"
    try:
        encoded = value.partition(",")[2] if value.startswith("data:") else value
        if "\n" in encoded:  # as MIME folds it
            encoded = "".join(encoded.split())
        data = pybase64.b64decode(encoded, validate=True)
    except ValueError:
        return None, "不是 base64 字符串"
    try:
        return read_image(data), ""
    except ValueError as error:
        return None, str(error)
