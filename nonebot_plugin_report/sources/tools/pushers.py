"""Services that push to WeChat and phones, whose bodies are sent to our address: PushPlus,
ServerChan, PushDeer, WxPusher. Pure.

https://www.pushplus.plus/doc/guide/api.html, https://sct.ftqq.com/forward,
https://www.pushdeer.com/dev.html, https://wxpusher.zjiecode.com/docs/. `channel`, `to` and the like
name people there. The answers are those that QingLong (sample/notify.py) and Uptime Kuma look for.
"""

from collections.abc import Callable, Mapping
from typing import Final

from ...errors import InvalidReport
from ..base import Fields, Headers, Source, Translated, leaves, text
from ..bodies.decode import decode
from ..chat import Message
from ..markup import from_html, from_markdown, plain

_TEMPLATES: Final[Mapping[str, Callable[[str], str]]] = {
    "html": from_html,
    "markdown": from_markdown,
    **dict.fromkeys(("txt", "json", "cloudMonitor", "jenkins", "route", "pay"), plain),
}
"""PushPlus's templates, and how a text in each is read."""
_CONTENT_TYPES: Final = {"1": plain, "2": from_html, "3": from_markdown}
"""WxPusher's `contentType`."""


def _is_pushplus(fields: Fields, headers: Headers) -> bool:
    return "content" in fields and text(fields, "template") in _TEMPLATES


def _read_pushplus(fields: Fields, headers: Headers) -> Translated | None:
    if not _is_pushplus(fields, headers):
        return None
    template = text(fields, "template")
    message = Message(_TEMPLATES.get(template, plain))
    message.head(text(fields, "title"))
    content = _opened(fields.get("content")) if template == "json" else fields.get("content")
    if isinstance(content, str):
        message.add(content)
    else:
        for name, value in leaves(content):
            message.add_field(name, value)
    return message.translate("title", "content", "channel")


def _opened(content: object) -> object:
    """Read JSON that is written as text."""
    if not isinstance(content, str) or not content.lstrip().startswith("{"):
        return content
    try:
        return decode(content.encode("utf-8", "replace"))
    except InvalidReport:
        return content


def _is_serverchan(fields: Fields, headers: Headers) -> bool:
    titled = isinstance(fields.get("title", fields.get("text")), str)
    return titled and isinstance(fields.get("desp"), str) and "content" not in fields


def _read_serverchan(fields: Fields, headers: Headers) -> Translated | None:
    if not _is_serverchan(fields, headers):
        return None
    message = Message(from_markdown)
    message.head(text(fields, "title") or text(fields, "text"))
    short, long = text(fields, "short"), text(fields, "desp")
    message.add("" if short in long else short, long)
    title = "title" if text(fields, "title") else "text"
    return message.translate(title, "desp", "channel")


def _is_pushdeer(fields: Fields, headers: Headers) -> bool:
    return isinstance(fields.get("pushkey"), str)


def _read_pushdeer(fields: Fields, headers: Headers) -> Translated | None:
    if not _is_pushdeer(fields, headers):
        return None
    kind = text(fields, "type")
    message = Message(from_markdown if kind == "markdown" else plain)
    if kind == "image":
        message.add_link("图片", text(fields, "text"))
    elif text(fields, "desp"):
        message.head(text(fields, "text"))
    else:
        message.add(text(fields, "text"))
    message.add(text(fields, "desp"))
    return message.translate("text", "desp")


def _is_wxpusher(fields: Fields, headers: Headers) -> bool:
    return isinstance(fields.get("content"), str) and ("appToken" in fields or "spt" in fields)


def _read_wxpusher(fields: Fields, headers: Headers) -> Translated | None:
    if not _is_wxpusher(fields, headers):
        return None
    message = Message(_CONTENT_TYPES.get(text(fields, "contentType"), plain))
    message.head(text(fields, "summary"))
    message.add(text(fields, "content"))
    message.put(text(fields, "url"))
    return message.translate("content")


SOURCES: Final[Mapping[str, Source]] = {
    "pushplus": Source(
        "PushPlus", frozenset({"template"}), _is_pushplus, _read_pushplus,
        answer={"code": 200, "msg": "请求成功"},
    ),
    "pushdeer": Source(
        "PushDeer", frozenset({"pushkey"}), _is_pushdeer, _read_pushdeer,
        answer={"code": 0, "content": {"result": ['{"success":"ok"}']}},
    ),
    "wxpusher": Source(
        "WxPusher", frozenset({"appToken", "spt"}), _is_wxpusher, _read_wxpusher,
        answer={"code": 1000, "msg": "处理成功", "success": True},
    ),
    # After PushDeer, which has `desp`, too.
    "serverchan": Source(
        "Server 酱", frozenset({"desp"}), _is_serverchan, _read_serverchan,
        answer={"code": 0, "errno": 0, "message": "", "errmsg": "success"},
    ),
}  # fmt: skip
