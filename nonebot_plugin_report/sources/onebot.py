"""Messages for OneBot 11's send actions, as tools write them. Pure.

A string is plain text whatever `auto_escape` says, and a segment only ever shown: what stands in a
tool's message must not act as the bot.
"""

import re
from dataclasses import dataclass, field
from typing import Final, cast

from ..errors import InvalidReport
from ..model.numbers import qq_number
from ..model.report import Report
from .base import Fields
from .bodies.decode import read_json
from .markup import from_markdown
from .parse import parse

MAX_SEGMENTS: Final = 1000
"""Segments of a message; of a forward message, those of all nodes together."""
MAX_NAME: Final = 200
"""Characters shown of a file's name or address."""
MAX_DEPTH: Final = 3
"""Forward messages within forward messages."""
MAX_PARAMETERS: Final = 10
"""Parameters of a CQ code that are read."""
_PICTURE_CODE: Final = "[CQ:image,"
# OneBot 11, "消息/字符串格式": the ampersand last, as it stands in the others.
_ESCAPES: Final = {"&#91;": "[", "&#93;": "]", "&#44;": ",", "&amp;": "&"}
_JSON_START: Final = re.compile(r"\s{0,99}(?:\[\s{0,99})?\{\s{0,99}\"")
# OneBot 11, "消息段类型"; go-cqhttp and NapCat have more.
NAMES: Final = {
    "face": "表情", "mface": "表情", "image": "图片", "record": "语音", "video": "视频",
    "rps": "猜拳", "dice": "骰子", "shake": "窗口抖动", "poke": "戳一戳", "anonymous": "匿名",
    "share": "分享", "contact": "名片", "location": "位置", "music": "音乐", "reply": "回复",
    "forward": "合并转发", "node": "合并转发", "xml": "卡片", "json": "卡片", "file": "文件",
}  # fmt: skip
"""Segments that are shown by their names."""
SENDS: Final = frozenset({
    "send_msg", "send_private_msg", "send_group_msg",
    "send_forward_msg", "send_private_forward_msg", "send_group_forward_msg",
})  # fmt: skip


def read_send(action: str, params: Fields) -> Report:
    """Make a report of a send action's parameters.

    Raises:
        InvalidReport: names the parameter that is wrong.
    """
    message = params.get("messages" if "forward" in action else "message")
    if isinstance(message, str):
        message = _segments_in(message)
    fields = read_message(message)
    if not any(fields.values()):
        raise InvalidReport("message", "没有可以发送的内容")
    return parse({**read_receiver(action, params), **fields})


def read_message(message: object) -> dict[str, object]:
    """Render a message as text and pictures, in our own fields.

    Raises:
        InvalidReport: this is no message, or it has too many segments.
    """
    rendering = _Rendering()
    rendering.add(message, 0)
    return {"content": "".join(rendering.texts), "screenshots": rendering.pictures}


def _segments_in(text: str) -> object:
    """Read the segments in a string: JSON, as a query or a form cannot write them otherwise, or
    text with pictures in CQ codes, as go-cqhttp's scripts write it."""
    if _JSON_START.match(text):
        try:
            value = read_json(text.encode("utf-8", "replace"))
        except (ValueError, InvalidReport):
            return text  # it only begins like that
        return value if _is_message(value) else text
    return _split_codes(text) if _PICTURE_CODE in text else text


def _is_message(value: object) -> bool:
    segments = cast("list[object]", value) if isinstance(value, list) else [value]
    return bool(segments) and all(
        isinstance(segment, dict) and isinstance(cast("Fields", segment).get("type"), str)
        for segment in segments
    )


def _split_codes(text: str) -> list[object]:
    """Split a string at its pictures (OneBot 11, "消息/字符串格式"). Every other code stays text:
    what stands in a tool's message must not act as the bot."""
    segments: list[object] = []
    at = 0
    while (start := text.find(_PICTURE_CODE, at)) >= 0 and len(segments) < MAX_SEGMENTS:
        end = text.find("]", start)
        if end < 0:
            break
        parameters = text[start + len(_PICTURE_CODE) : end].split(",", MAX_PARAMETERS)
        data = {
            name: _unescape(one) for name, _, one in (part.partition("=") for part in parameters)
        }
        segments += _unescape(text[at:start]), {"type": "image", "data": data}
        at = end + 1
    return [*segments, _unescape(text[at:])]


def _unescape(text: str) -> str:
    for escape, character in _ESCAPES.items():
        text = text.replace(escape, character)
    return text


def read_receiver(action: str, params: Fields) -> dict[str, object]:
    """Read the receiver of a send action, in our own fields.

    Raises:
        InvalidReport: the receiver is missing, or no number.
    """
    kind = action.split("_")[1]
    if kind not in ("private", "group"):
        kind = params.get("message_type") or ("group" if params.get("group_id") else "private")
    match kind:
        case "private":
            return {"send_to": [_number(params, "user_id", "QQ 号")]}
        case "group":
            return {"send_to_group": [_number(params, "group_id", "群号")]}
        case _:
            raise InvalidReport("message_type", "应为 private 或 group")


def _number(params: Fields, name: str, noun: str) -> str:
    match params.get(name):
        case bool() | None | "":
            raise InvalidReport(name, f"没有写{noun}")
        case int() | str() as number:
            pass
        case float() as number if number.is_integer():
            number = int(number)
        case _:
            raise InvalidReport(name, f"{noun}应为数字")
    try:
        return qq_number(str(number), noun)
    except ValueError as error:
        raise InvalidReport(name, str(error)) from None


@dataclass(slots=True)
class _Rendering:
    """A message as text and pictures, as far as it is read."""

    texts: list[str] = field(default_factory=list[str])
    pictures: list[str] = field(default_factory=list[str])
    """In base64, perhaps with `data:` before it."""
    count: int = 0

    def add(self, message: object, depth: int) -> None:
        """Add a message: a string, a segment, or a list of strings and segments."""
        for segment in cast("list[object]", message) if isinstance(message, list) else [message]:
            match segment:
                case str():
                    self.texts.append(segment)
                case dict():
                    self._segment(cast("Fields", segment), depth)
                case None:
                    pass
                case _:
                    raise InvalidReport("message", "应为字符串或消息段的列表")

    def _segment(self, segment: Fields, depth: int) -> None:
        self.count += 1
        if self.count > MAX_SEGMENTS:
            raise InvalidReport("message", f"最多 {MAX_SEGMENTS} 个消息段")
        kind, held = segment.get("type"), segment.get("data")
        values: Fields = cast("Fields", held) if isinstance(held, dict) else {}
        match kind:
            case "text":
                self.texts.append(_text(values, "text"))
            case "markdown":
                self.texts.append(from_markdown(_text(values, "content")))
            case "at":
                member = _text(values, "qq")
                self.texts.append("@全体成员" if member == "all" else f"@{member}")
            case "image":
                self._image(_text(values, "file") or _text(values, "url"))
            case "node" if "content" in values and depth < MAX_DEPTH:
                self._node(values, depth)
            case str():
                details = _text(values, "title"), _text(values, "url") or _text(values, "name")
                label = [
                    NAMES.get(kind, kind[:MAX_NAME]),
                    *(one[:MAX_NAME] for one in details if one),
                ]
                self.texts.append(f"[{' '.join(label)}]")
            case _:
                raise InvalidReport("message", "消息段要有 type")

    def _image(self, file: str) -> None:
        """Add a picture. The sender chooses its address, so that nothing is fetched and no file is
        opened: only a picture within the message counts."""
        if file[: len("base64://")].lower() == "base64://":
            self.pictures.append(file[len("base64://") :])
        elif file[: len("data:")].lower() == "data:":
            self.pictures.append(file)
        else:
            name = file if file.startswith(("http://", "https://")) else _file_name(file)
            self.texts.append(f"[图片 {name[:MAX_NAME]}]" if name else "[图片]")

    def _node(self, values: Fields, depth: int) -> None:
        """Add a node of a forward message: the speaker's name, then the content."""
        name = _text(values, "nickname") or _text(values, "name")
        if self.texts:
            self.texts.append("\n")
        if name:
            self.texts.append(f"{name}：")
        self.add(values["content"], depth + 1)


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _text(values: Fields, name: str) -> str:
    match values.get(name):
        case str() as text:
            return text
        case int() | float() as number if not isinstance(number, bool) and abs(number) < 1e15:
            return str(number)
        case _:
            return ""
