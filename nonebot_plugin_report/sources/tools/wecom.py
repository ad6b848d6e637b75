"""WeCom's robots and apps: {msgtype: text, markdown, news, image, template_card, textcard …}. Pure.

https://developer.work.weixin.qq.com/document/path/91770 (robots), /90236 (apps). BetterGI sends its
screenshot as an image before the text (Service/Notifier/WorkWeixinNotifier.cs).
"""

import re
from typing import Final

from ..base import Fields, Headers, Source, Translated, record, records, text
from ..chat import Message, labelled, linked, words
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
    message, kind = Message(), text(fields, "msgtype")
    said = record(fields, kind)
    match kind:
        case "image":
            encoded = text(said, "base64")
            message.pictures += [encoded] if encoded else []
            message.add("" if encoded else "[图片]")
        case "news" | "mpnews":
            _add_articles(message, records(said, "articles"))
        case "template_card":
            _add_card(message, said)
        case _:
            message.head(_words(text(said, "title")))
            message.add(_words(text(said, "content")), _words(text(said, "description")))
            message.add(text(said, "url"), _FILES.get(kind, ""))
    return message.translate()


def _add_articles(message: Message, articles: list[Fields]) -> None:
    for article in articles:
        message.head(_words(text(article, "title")))
        described = text(article, "description") or text(article, "digest")
        message.add(_words(described or text(article, "content")), text(article, "url"))


def _add_card(message: Message, card: Fields) -> None:
    message.head(_words(text(card, "main_title.title")))
    message.add(
        _words(text(card, "main_title.desc")),
        labelled(text(card, "emphasis_content.desc"), text(card, "emphasis_content.title")),
        _words(text(card, "sub_title_text")),
        labelled(text(card, "quote_area.title"), _words(text(card, "quote_area.quote_text"))),
    )
    for row in records(card, "horizontal_content_list"):
        message.add_field(text(row, "keyname"), _words(text(row, "value")) or text(row, "url"))
    for row in records(card, "vertical_content_list"):
        message.add_field(text(row, "title"), _words(text(row, "desc")))
    links = (linked(text(row, "title"), text(row, "url")) for row in records(card, "jump_list"))
    message.add(*links, text(card, "card_action.url"), text(card, "source.desc"))


def _words(content: str) -> str:
    return words(_MENTION.sub(r"\1", content))


SOURCE: Final = Source(
    "企业微信机器人", frozenset({"msgtype"}), _recognise, _translate, answer=ANSWER
)
