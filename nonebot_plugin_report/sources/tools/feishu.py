"""Feishu's and Lark's robots: {msg_type: text, post, interactive, image or share_chat}. Pure.

https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot,
https://open.feishu.cn/document/feishu-cards/card-json-structure (1.0),
https://open.feishu.cn/document/feishu-cards/card-json-v2-structure. Clients look for `code` or, as
robots answered before, for `StatusCode` 0.
"""

import re
from collections.abc import Iterator
from typing import Final, cast

from ...errors import InvalidReport
from ..base import Fields, Headers, Source, Translated, leaves, record, text
from ..bodies.decode import decode
from ..chat import MAX_DEPTH, Message, joined, linked
from ..markup import from_markdown
from ..states import read_colour

_ANSWER: Final = {"code": 0, "msg": "success", "StatusCode": 0, "StatusMessage": "success"}
_KINDS: Final = frozenset({"text", "post", "interactive", "image", "share_chat", "file", "audio"})
_NAMES: Final = {"image": "[图片]", "share_chat": "[群名片]", "file": "[文件]", "audio": "[语音]"}
_LANGUAGES: Final = ("zh_cn", "en_us", "ja_jp", "zh_hk", "zh_tw")
_LISTS: Final = ("elements", "columns", "actions", "fields", "rows")
"""Names under which an element of a card has others."""
_AT: Final = re.compile(
    r"<at (?:user_|open_)?(?:id|email)s?=[\"']?(?P<id>[^\"'<>\s]{0,80})[\"']?\s*/?>"
    r"(?:(?P<name>[^<]{0,80})</at>)?"
)


def _recognise(fields: Fields, headers: Headers) -> bool:
    kind = text(fields, "msg_type")
    return kind in _KINDS and bool(_object(fields, "card") or _object(fields, "content"))


def _object(fields: Fields, name: str) -> Fields:
    """Get an object, which an app's interface has as a text of JSON."""
    value = fields.get(name)
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return record(fields, name)
    try:
        return decode(value.encode("utf-8", "replace"))
    except InvalidReport:
        return {}


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not _recognise(fields, headers):
        return None
    message, content = Message(_read), _object(fields, "content")
    match text(fields, "msg_type"):
        case "text":
            message.add(text(content, "text"))
        case "post":
            _add_post(message, _in_a_language(record(content, "post") or content))
        case "interactive":
            _add_card(message, _object(fields, "card") or content)
        case kind:
            message.put(_NAMES[kind])
    return message.translate(*(["content"] if content else []))


def _in_a_language(versions: Fields) -> Fields:
    """Choose Chinese, or else the first language that there is."""
    for name in (*_LANGUAGES, *list(versions)[:1]):
        if chosen := record(versions, name):
            return chosen
    return versions


def _add_post(message: Message, post: Fields) -> None:
    message.head(text(post, "title"))
    for row in message.entries(post.get("content")):
        alone = _inline(row)  # a row of one element may stand without its list
        message.put(joined((alone, *map(_inline, message.entries(row)))))


def _inline(part: object) -> str:
    element: Fields = cast("Fields", part) if isinstance(part, dict) else {}
    match text(element, "tag"):
        case "a":
            return f"{linked(text(element, 'text'), text(element, 'href'))} "
        case "at":
            name = text(element, "user_name") or text(element, "user_id")
            return f"@{'所有人' if name == 'all' else name} "
        case "img" | "media":
            return "[图片]"
        case "emotion":
            return f"[{text(element, 'emoji_type')}]"
        case _:
            return str(element.get("text") or "")


def _add_card(message: Message, card: Fields) -> None:
    header = record(card, "header")
    message.colour(read_colour(header.get("template")))
    message.head(_text_of(header.get("title")))
    message.add(_text_of(header.get("subtitle")))
    for tag in message.records(header, "text_tag_list"):
        message.add(_text_of(tag.get("text")))
    for element in _elements(message, card):
        _add_element(message, element, 0)
    message.put(text(card, "card_link.url"))
    for name, value in leaves(record(card, "data.template_variable")):
        message.add_field(name, value)


def _elements(message: Message, card: Fields) -> Iterator[Fields]:
    for path in ("elements", "body.elements", f"i18n_elements.{_LANGUAGES[0]}"):
        yield from message.records(card, path)


def _add_element(message: Message, element: Fields, depth: int) -> None:
    if depth > MAX_DEPTH:
        return
    written = _text_of(element.get("text"))
    if text(element, "tag") in ("button", "overflow", "select_static"):
        message.add_link(written, _url(message, element))
        return
    short = element.get("is_short") is True
    name, colon, value = written.partition("\n")
    if short and colon and "\n" not in value:
        message.add_field(name, value, short=True)
    else:
        message.add(written)
    message.add(_text_of(element.get("content")), _text_of(element.get("extra")))
    for name in _LISTS:
        for held in message.records(element, name):
            _add_element(message, held, depth + 1)
    header = record(element, "header")
    message.add(_text_of(header.get("title")))


def _url(message: Message, button: Fields) -> str:
    """Get the address that a button opens."""
    paths = ("url", "multi_url.url", "multi_url.pc_url")
    direct = next(filter(None, (text(button, path) for path in paths)), "")
    opened = (text(one, "default_url") for one in message.records(button, "behaviors"))
    return direct or next(filter(None, opened), "")


def _text_of(value: object) -> str:
    """Get the text of a text object, or a text."""
    return value if isinstance(value, str) else text(value, "content")


def _read(content: str) -> str:
    return from_markdown(_AT.sub(_mention, content))


def _mention(match: re.Match[str]) -> str:
    name = match["name"] or match["id"]
    return f"@{'所有人' if name == 'all' else name}"


SOURCE: Final = Source(
    "飞书机器人", frozenset({"msg_type"}), _recognise, _translate, answer=_ANSWER
)
