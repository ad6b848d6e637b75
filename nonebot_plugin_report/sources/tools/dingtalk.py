"""DingTalk's robots: {msgtype: text, markdown, link, actionCard or feedCard}. Pure.

https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages. Clients look for
`errcode` 0 (QingLong, SmsForwarder) or `errmsg` ok (Uptime Kuma).
"""

from typing import Final
from urllib.parse import parse_qs, urlsplit

from ..base import Fields, Headers, Source, Translated, record, text
from ..chat import Message
from ..markup import from_markdown, plain

ANSWER: Final = {"errcode": 0, "errmsg": "ok"}
"""What DingTalk and WeCom answer."""
_OF_WECOM: Final = frozenset({"mentioned_list", "mentioned_mobile_list"})
_MARKED: Final = frozenset({"markdown", "actionCard"})
"""Kinds whose text is Markdown."""
_KINDS: Final = frozenset({"text", "markdown", "link", "actionCard", "feedCard"})


def _recognise(fields: Fields, headers: Headers) -> bool:
    kind = text(fields, "msgtype")
    message = record(fields, kind)
    if kind not in _KINDS or not message:
        return False
    return "text" in message if kind == "markdown" else _OF_WECOM.isdisjoint(message)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not _recognise(fields, headers):
        return None
    kind = text(fields, "msgtype")
    message = Message(from_markdown if kind in _MARKED else plain)
    content = record(fields, kind)
    message.head(text(content, "title"))
    message.add(text(content, "content") or text(content, "text"))
    for link in message.records(content, "links"):
        message.add_link(text(link, "title"), _opened(text(link, "messageURL")))
    message.put(_opened(text(content, "messageUrl")))
    message.add_link(text(content, "singleTitle"), _opened(text(content, "singleURL")))
    for button in message.records(content, "btns"):
        message.add_link(text(button, "title"), _opened(text(button, "actionURL")))
    return message.translate()


def _opened(url: str) -> str:
    """Get the address of a link that DingTalk opens in a window of its own."""
    if not url.startswith("dingtalk://"):
        return url
    try:
        return next(iter(parse_qs(urlsplit(url).query).get("url", ())), url)
    except ValueError:
        return url


SOURCE: Final = Source("钉钉机器人", frozenset({"msgtype"}), _recognise, _translate, answer=ANSWER)
