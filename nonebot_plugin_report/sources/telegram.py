"""Messages for Telegram's Bot API: https://core.telegram.org/bots/api. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final, cast

from ..errors import InvalidReport
from ..model.report import Report
from .base import Fields, lines, pick, text
from .bodies.decode import read_json
from .markup import read_marked
from .parse import parse

FILES: Final[Mapping[str, tuple[str, str]]] = {
    "sendphoto": ("photo", "图片"),
    "senddocument": ("document", "文件"),
    "sendanimation": ("animation", "动图"),
    "sendvideo": ("video", "视频"),
    "sendaudio": ("audio", "音频"),
    "sendvoice": ("voice", "语音"),
}
"""By a method in lower case: the field of the file that it sends, and the Chinese word for it."""
SENDS: Final = frozenset({"sendmessage", *FILES})
MAX_BUTTONS: Final = 10
"""Buttons of a message whose links are shown."""


def read_telegram(method: str, fields: Fields, query: Mapping[str, str]) -> Report:
    """Make a report of what a method in lower case sends. `chat_id` means somebody of Telegram's,
    so that it names nobody here.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    content = message_text(method, fields)
    if not (content or fields.get("screenshot")):
        raise InvalidReport("text" if method == "sendmessage" else "caption", "没有可以发送的内容")
    return parse({"content": content, "screenshot": fields.get("screenshot")}, query)


def message_text(method: str, fields: Fields) -> str:
    """Write what a method in lower case sends as plain text."""
    written = text(fields, "text" if method == "sendmessage" else "caption")
    words = read_marked(written, text(fields, "parse_mode"))
    return lines(words, *_file(method, fields), *_buttons(fields))


def _file(method: str, fields: Fields) -> Iterator[str]:
    """Give what is shown of a file: the words of a file of text, its address, or what it is."""
    if method not in FILES:
        return
    name, noun = FILES[method]
    yield text(fields, "content")
    address = text(fields, name)
    if address.startswith(("http://", "https://")):
        yield address
    elif address:  # a file that Telegram has
        yield f"[{noun}]"


def _buttons(fields: Fields) -> Iterator[str]:
    """Give the links of the buttons below a message."""
    markup = fields.get("reply_markup")
    if isinstance(markup, str) and markup.lstrip().startswith("{"):
        try:
            markup = read_json(markup.encode("utf-8", "replace"))
        except (ValueError, InvalidReport):
            return
    rows = pick(markup, "inline_keyboard")
    number = 0
    for row in cast("list[object]", rows) if isinstance(rows, list) else []:
        for button in cast("list[object]", row) if isinstance(row, list) else []:
            number += 1
            if number > MAX_BUTTONS:
                return
            if address := text(button, "url"):
                yield f"{text(button, 'text')}：{address}"
