"""WeCom's robots and apps: {msgtype: text, markdown, news, image, template_card, textcard …}. Pure.

https://developer.work.weixin.qq.com/document/path/91770 (robots), /90236 (apps). BetterGI sends its
screenshot as an image before the text (Service/Notifier/WorkWeixinNotifier.cs).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ..base import Fields, Headers, Source, Translated, record, text
from ..chat import Message
from ..markup import from_html, from_markdown, plain
from .dingtalk import ANSWER

_FILES: Final = {"file": "[文件]", "voice": "[语音]", "video": "[视频]"}
_KINDS: Final = frozenset({
    "text", "markdown", "markdown_v2", "news", "mpnews", "image", "template_card", "textcard",
    *_FILES,
})  # fmt: skip
_MENTION: Final = re.compile(r"<(@[^<>\s]{1,64})>")


def _recognise(fields: Fields, headers: Headers) -> bool:
    kind = text(fields, "msgtype")
    return kind in _KINDS and bool(record(fields, kind))


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not _recognise(fields, headers):
        return None
    kind = text(fields, "msgtype")
    message, content = Message(_READERS.get(kind, plain)), record(fields, kind)
    match kind:
        case "image":
            encoded = text(content, "base64")
            message.pictures += [encoded] if encoded else []
            message.put("" if encoded else "[图片]")
        case "news" | "mpnews":
            _add_articles(message, message.records(content, "articles"))
        case "template_card":
            _add_card(message, content)
        case _:
            message.head(text(content, "title"))
            message.add(text(content, "content"), text(content, "description"))
            message.put(text(content, "url"), _FILES.get(kind, ""))
    return message.translate()


def _add_articles(message: Message, articles: Iterable[Fields]) -> None:
    for article in articles:
        message.head(text(article, "title"))
        described = text(article, "description") or text(article, "digest")
        message.add(described or text(article, "content"))
        message.put(text(article, "url"))


def _add_card(message: Message, card: Fields) -> None:
    message.head(text(card, "main_title.title"))
    message.add(text(card, "main_title.desc"))
    number = record(card, "emphasis_content")
    message.add_field(text(number, "desc"), text(number, "title"))
    message.add(text(card, "sub_title_text"))
    message.add_field(text(card, "quote_area.title"), text(card, "quote_area.quote_text"))
    for row in message.records(card, "horizontal_content_list"):
        message.add_field(text(row, "keyname"), text(row, "value") or text(row, "url"))
    for row in message.records(card, "vertical_content_list"):
        message.add_field(text(row, "title"), text(row, "desc"))
    for row in message.records(card, "jump_list"):
        message.add_link(text(row, "title"), text(row, "url"))
    message.put(text(card, "card_action.url"), text(card, "source.desc"))


def _read_markdown(content: str) -> str:
    return from_markdown(_MENTION.sub(r"\1", content))


_READERS: Final[Mapping[str, Callable[[str], str]]] = {
    "markdown": _read_markdown,
    "markdown_v2": _read_markdown,
    "textcard": from_html,
    "mpnews": from_html,
}
"""How the texts of a kind are read; others are plain."""


SOURCE: Final = Source(
    "企业微信机器人", frozenset({"msgtype"}), _recognise, _translate, answer=ANSWER
)
