"""What a report is, and how every dialect that arrives becomes one.

Pure: bytes and strings in, a `Report` out, or `InvalidReport` that names the field.
The dialects are those of BetterGI since 2025-02 (numeric and named results, timestamps with seven
digits, `send_to: ""`, a screenshot that is an object) and of the older nonebot-plugin-report.
"""

import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from io import BytesIO
from typing import Final, Never, cast

import orjson
import pybase64

from .errors import InvalidReport

MAX_TARGETS: Final = 100
MAX_ID_LENGTH: Final = 128
MAX_PIXELS: Final = 50_000_000
IMAGE_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
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


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Image:
    """A picture whose header was checked. `data` is exactly what was sent, decoded."""

    data: bytes
    media_type: str
    """Such as `image/jpeg`."""
    width: int
    height: int

    @property
    def extension(self) -> str:
        """The file name's ending, without the dot."""
        return {"image/jpeg": "jpg"}.get(self.media_type, self.media_type.partition("/")[2])


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


def decode(body: bytes) -> dict[str, object]:
    """Read a body as the JSON object that it should be.

    UTF-8, also with a byte-order mark, UTF-16 and UTF-32 are told apart as RFC 4627 section 3 does.

    Raises:
        InvalidReport: not JSON, not an object, or nested too deeply.
    """
    try:
        fields: object = _loads(body)
    except UnicodeDecodeError:
        raise InvalidReport("body", "不是 UTF-8 编码的文本") from None
    except RecursionError:
        raise InvalidReport("body", "嵌套层数过多") from None
    except ValueError:
        raise InvalidReport("body", "不是合法的 JSON") from None
    if not isinstance(fields, dict):
        raise InvalidReport("body", '应为 JSON 对象，例如 {"content": "…"}')
    return cast("dict[str, object]", fields)


def decode_text(body: bytes, charset: str = "") -> dict[str, object]:
    """Read a body that is no JSON: all of it is `content`.

    `charset` is what the sender named. Without one it is UTF-8, else GB18030, which is what the
    command line of a Chinese Windows writes.
    """
    for encoding in filter(None, (charset, "utf-8", "gb18030")):
        try:
            return {"content": body.decode(encoding)}
        except (UnicodeDecodeError, LookupError):
            continue
    return {"content": body.decode("utf-8", errors="replace")}


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
    return Report(
        title=_text(fields, "title"),
        content=_text(fields, "content"),
        message=_text(fields, "message"),
        event=_text(fields, "event"),
        result=_result(_scalar(fields, "result")),
        timestamp=_timestamp(_scalar(fields, "timestamp")),
        image=image,
        image_fault=fault,
        data=_data(fields.get("data")),
        send_from=next(iter(_names(fields, query, "send_from")), ""),
        send_to=_names(fields, query, "send_to"),
        send_to_group=_names(fields, query, "send_to_group"),
        channel=_names(fields, query, "channel"),
        key=_key(_scalar(fields, "id")),
    )


def read_image(data: bytes) -> Image:
    """Check a picture by its header; nothing is decompressed.

    Raises:
        ValueError: with a short reason in Chinese.
    """
    # Imported here: it is a tenth of the plugin's load time, and many reports have no picture.
    from PIL import Image as Pillow

    try:
        with warnings.catch_warnings():
            # Pillow warns at 89 megapixels; the limit below is ours, and tells.
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(BytesIO(data), formats=IMAGE_FORMATS) as picture:
                media_type = Pillow.MIME[picture.format or ""]
                width, height = picture.size
    except Pillow.DecompressionBombError:
        raise ValueError("图片超过 5000 万像素") from None
    except Exception:  # noqa: BLE001 - Pillow's parsers raise nearly anything on a hostile header
        raise ValueError("不是图片") from None
    if width * height > MAX_PIXELS:
        raise ValueError("图片超过 5000 万像素")
    return Image(data, media_type, width, height)


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


def _loads(body: bytes) -> object:
    """Four times faster on a screenshot as .NET escapes it; what orjson does not take (UTF-16, half
    of a surrogate pair) the standard library decides."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body, parse_constant=_refuse_constant)
    if isinstance(fields, dict):
        values = cast("dict[str, object]", fields).values()
        if any(isinstance(one, float) and abs(one) >= 2**53 for one in values):
            return json.loads(body)  # an integer beyond 64 bits, which orjson rounds
    return cast("object", fields)


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


def _text(fields: Mapping[str, object], name: str) -> str:
    value = _scalar(fields, name)
    return "" if value is None else clean(_digits(name, value)).strip()


def _digits(name: str, value: str | float) -> str:
    try:
        return str(value)
    except ValueError:  # an integer of more than sys.get_int_max_str_digits() digits
        raise InvalidReport(name, "数字过长") from None


def _result(value: str | float | None) -> Result | str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _RESULT_NAMES.get(value.strip().lower(), clean(value).strip())
    whole = isinstance(value, float) and value.is_integer()
    number = _digits("result", int(value) if whole else value)
    return _RESULT_NAMES.get(number, number)


def _timestamp(value: str | float | None) -> datetime | str | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str):
            # A time with no offset is this machine's, as BetterGI's oldest dialect means it.
            return datetime.fromisoformat(value.strip()).astimezone()
        seconds = value / 1000 if value > 1e11 else value  # JavaScript counts milliseconds
        return datetime.fromtimestamp(seconds).astimezone()
    except (ValueError, OverflowError, OSError):
        return clean(_digits("timestamp", value)).strip()


def _data(value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):  # 1e999 was read as infinity
        raise InvalidReport("data", "数字过大或嵌套层数过多") from None
    return clean(text)


def _key(value: str | float | None) -> str:
    key = "" if value is None else clean(_digits("id", value)).strip()
    if len(key) > MAX_ID_LENGTH:
        raise InvalidReport("id", f"最多 {MAX_ID_LENGTH} 个字符")
    return key


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
    """A number, a string, a comma list or a list of those, as ids with no repeats."""
    parts = cast("list[object]", value) if isinstance(value, list) else [value]
    names: dict[str, None] = {}
    for part in parts:
        names.update(dict.fromkeys(_ids(name, part)))
    if len(names) > MAX_TARGETS:
        raise InvalidReport(name, f"最多 {MAX_TARGETS} 个")
    return tuple(names)


def _ids(name: str, part: object) -> list[str]:
    match part:
        case bool() | dict() | list():
            raise InvalidReport(name, "应为数字、字符串、逗号分隔的字符串，或它们组成的列表")
        case str():
            ids = [one.strip() for one in re.split("[,，]", clean(part)) if one.strip()]
        case int():
            ids = [_digits(name, part)]
        case float() if part.is_integer() and abs(part) < 2**53:
            ids = [_digits(name, int(part))]
        case None:
            ids = []
        case _:
            raise InvalidReport(name, "应为整数或字符串")
    if any(len(one) > MAX_ID_LENGTH or "\n" in one or "\t" in one for one in ids):
        raise InvalidReport(name, f"每个号码最多 {MAX_ID_LENGTH} 个字符，且在一行内")
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
