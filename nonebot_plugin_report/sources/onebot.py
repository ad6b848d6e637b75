"""Messages for OneBot 11's send actions, as tools write them. Pure.

A string is plain text whatever `auto_escape` says, and a segment only ever shown: what stands in a
tool's message must not act as the bot.
"""

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
    """Read segments from JSON within a string: a query or a form cannot write them otherwise."""
    if text.startswith('[{"type":'):
        try:
            return read_json(text.encode("utf-8", "replace"))
        except (ValueError, InvalidReport):
            pass  # it only begins like that
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
        if file.startswith("base64://"):
            self.pictures.append(file.removeprefix("base64://"))
        elif file.startswith("data:"):
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
