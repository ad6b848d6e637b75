"""DingTalk's robots: {msgtype: text, markdown, link, actionCard or feedCard}. Pure.

https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages. Clients look for
`errcode` 0 (QingLong, SmsForwarder) or `errmsg` ok (Uptime Kuma).
"""

from typing import Final
from urllib.parse import parse_qs, urlsplit

from ..base import Fields, Headers, Source, Translated, record, records, text
from ..chat import Message, linked, words

ANSWER: Final = {"errcode": 0, "errmsg": "ok"}
"""What DingTalk and WeCom answer."""
_OF_WECOM: Final = frozenset({"mentioned_list", "mentioned_mobile_list"})
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
    message, kind = Message(), text(fields, "msgtype")
    said = record(fields, kind)
    message.head(words(text(said, "title")))
    message.add(words(text(said, "content") or text(said, "text")))
    if kind == "feedCard":
        message.add(*(_button(link, "messageURL") for link in records(said, "links")))
    message.add(
        _opened(text(said, "messageUrl")),
        linked(text(said, "singleTitle"), _opened(text(said, "singleURL"))),
        *(_button(button, "actionURL") for button in records(said, "btns")),
    )
    return message.translate()


def _button(button: Fields, name: str) -> str:
    return linked(words(text(button, "title")), _opened(text(button, name)))


def _opened(url: str) -> str:
    """Get the address of a link that DingTalk opens in a window of its own."""
    if not url.startswith("dingtalk://"):
        return url
    try:
        return next(iter(parse_qs(urlsplit(url).query).get("url", ())), url)
    except ValueError:
        return url


SOURCE: Final = Source("钉钉机器人", frozenset({"msgtype"}), _recognise, _translate, answer=ANSWER)
