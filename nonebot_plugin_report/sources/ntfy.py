"""Messages for ntfy's API: https://docs.ntfy.sh/publish/. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, cast

from ..errors import InvalidReport, UnsupportedMedia
from ..model.report import Report, Result
from ..model.text import clean
from .base import Fields, Headers, text
from .bodies.decode import decode
from .bodies.form import decode_plain, is_picture
from .context import Context
from .emoji import EMOJIS
from .markup import from_markdown, plain
from .ntfy_parts import read_actions, read_delay
from .parse import MAX_LENGTHS, parse

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "message": ("message", "m"),
    "title": ("title", "ti", "t"),
    "priority": ("priority", "prio", "p"),
    "tags": ("tags", "tag", "ta"),
    "click": ("click",),
    "attach": ("attach", "a"),
    "filename": ("filename", "file", "f"),
    "actions": ("actions", "action"),
    "delay": ("delay", "at", "in"),
    "template": ("template", "tpl"),
    "markdown": ("markdown", "md"),
}
"""ntfy's parameters and their other names. Each may stand in the query, or in a header, there also
with `X-` before it."""
RESULTS: Final = {
    **dict.fromkeys(
        ("white_check_mark", "heavy_check_mark", "ballot_box_with_check", "green_circle", "tada",
         "partying_face", "+1"),
        Result.SUCCESS,
    ),
    **dict.fromkeys(
        ("x", "rotating_light", "red_circle", "skull", "no_entry", "no_entry_sign", "stop_sign",
         "sos", "fire", "boom", "-1", "bangbang"),
        Result.FAIL,
    ),
    **dict.fromkeys(
        ("warning", "construction", "yellow_circle", "orange_circle"), Result.PARTIAL
    ),
}  # fmt: skip
"""Tags that ntfy shows as a picture of a result: https://docs.ntfy.sh/emojis/."""
MAX_TAGS: Final = 20
URGENT: Final = frozenset({"5", "max", "urgent"})
"""The highest priority: https://docs.ntfy.sh/publish/#message-priority."""
_OFF: Final = frozenset({"", "0", "no", "false"})
_PATH: Final = re.compile(r"\{\{-?\s*\.([\w.]{0,200})\s*-?\}\}")
"""A field in a template, which is one of Go's: https://docs.ntfy.sh/publish/#message-templating."""


def read_publish(
    topic: str,
    parameters: Mapping[str, str],
    body: bytes | bytearray,
    query: Mapping[str, str],
    now: datetime,
) -> Report:
    """Make a report of a message to a topic.

    A body that is a picture becomes the screenshot; of another file only the name is shown. JSON
    that was meant for the server's own address is read as there.

    Args:
        topic: the topic in the path.
        parameters: by the names in `NAMES`.
        body: the body.
        query: the parameters of the URL.
        now: local and aware.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    message = parameters.get("message", "").replace("\\n", "\n")
    if not body:
        return _report(topic, parameters, {"content": message}, query, now)
    if is_picture(body):
        fields = {"content": message, "screenshot": bytes(body)}
        return _report(topic, parameters, fields, query, now)
    if (fields := _json(body)) is not None:
        if parameters.get("template", "").lower() not in _OFF:
            return _fill(topic, parameters, fields, query, now)
        if not message and isinstance(fields.get("topic"), str) and _has_words(fields):
            return read_json({**parameters, **fields}, query, now)
    content = "\n".join(filter(None, (message, _text(body, parameters.get("filename", "")))))
    return _report(topic, parameters, {"content": content}, query, now)


def read_json(fields: Fields, query: Mapping[str, str], now: datetime) -> Report:
    """Make a report of a message published as JSON; `now` is local and aware.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    topic = fields.get("topic")
    if not isinstance(topic, str) or not topic:
        raise InvalidReport("topic", "没有写 topic")
    message = fields.get("message")
    if not isinstance(message, str | int | float | None):
        raise InvalidReport("message", "应为字符串")
    return _report(topic, fields, {"content": message}, query, now)


def _has_words(fields: Fields) -> bool:
    return any(text(fields, name) for name in ("message", "title"))


def _json(body: bytes | bytearray) -> Fields | None:
    """Read a body as an object; None: it is none."""
    if body.lstrip()[:1] != b"{":
        return None
    try:
        return decode(bytearray(body))
    except InvalidReport:
        return None


def _fill(
    topic: str,
    parameters: Mapping[str, str],
    fields: Fields,
    query: Mapping[str, str],
    now: datetime,
) -> Report:
    """Fill the templates of title and message with the fields of a body. Where these do more than
    to name fields, the body is read as if it had come to the push address."""
    templates = [parameters.get(name, "") for name in ("title", "message")]
    title, message = (_PATH.sub(lambda path: text(fields, path[1]), one) for one in templates)
    if "{{" not in title + message and (title or message):
        content = message.replace("\\n", "\n")
        return _report(topic, {**parameters, "title": title}, {"content": content}, query, now)
    headers: Headers = {}
    beside = {name: value for name, value in query.items() if name.startswith("send_")}
    from .reader import read  # loaded after the plugin, see `load_readers`

    report = read(fields, Context(beside, {"event": topic}, headers), {}).report
    # What is published twice arrives twice.
    report = replace(report, key="", key_with_words=False, key_seconds=None)
    return _treated(report, parameters, now)


def _text(body: bytes | bytearray, name: str) -> str:
    try:
        return str(decode_plain(body)["content"])
    except UnsupportedMedia:
        return f"[文件 {name}]" if name else "[文件]"


def _report(
    topic: str, parameters: Fields, fields: Fields, query: Mapping[str, str], now: datetime
) -> Report:
    """Make a report; the topic is its event, as ntfy shows the topic without a title."""
    tags = _tags(parameters.get("tags"))
    results = [RESULTS[tag] for tag in tags if tag in RESULTS]
    emojis = "".join(EMOJIS[tag] for tag in tags if tag in EMOJIS and tag not in RESULTS)
    others = " ".join(f"#{tag}" for tag in tags if tag not in EMOJIS)
    is_markdown = text(parameters, "markdown").lower() not in _OFF
    title, content = text(parameters, "title"), str(fields["content"] or "")
    words = from_markdown(content) if is_markdown else plain(content)
    links = (text(parameters, name) for name in ("click", "attach"))
    lines = [
        f"{emojis} {words}".strip() if not title else words,
        others,
        *links,
        *read_actions(parameters.get("actions")),
    ]
    content = "\n".join(filter(None, lines))
    if not content and not fields.get("screenshot"):
        content = "triggered"  # as ntfy itself says of a message without one
    report = parse(
        {
            **fields,
            "content": content,
            "title": f"{emojis} {title}".strip() if title else None,
            "result": results[0].value if results else None,
            "data": {"priority": parameters["priority"]} if parameters.get("priority") else None,
        },
        query,
    )
    # The topic is no word of the tool's: by these the tool is found.
    report = replace(report, event=clean(topic)[: MAX_LENGTHS["event"]].strip())
    return _treated(report, parameters, now)


def _treated(report: Report, parameters: Fields, now: datetime) -> Report:
    """Note how urgent a report is, and when it is to be delivered."""
    urgent = text(parameters, "priority").lower() in URGENT
    at = read_delay(parameters.get("delay"), now)
    return replace(report, urgent=urgent, not_before=at.timestamp() if at else None)


def _tags(value: object) -> Sequence[str]:
    parts = cast("list[object]", value) if isinstance(value, list) else str(value or "").split(",")
    tags = [one.strip() for one in parts[:MAX_TAGS] if isinstance(one, str)]
    return [one for one in tags if one]
