"""Messages for ntfy's API: https://docs.ntfy.sh/publish/. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

from ..errors import InvalidReport, UnsupportedMedia
from ..model.report import Report, Result
from ..model.text import clean
from .base import Fields
from .bodies.form import decode_plain, is_picture
from .parse import MAX_LENGTHS, parse

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "message": ("message", "m"),
    "title": ("title", "ti", "t"),
    "priority": ("priority", "prio", "p"),
    "tags": ("tags", "tag", "ta"),
    "click": ("click",),
    "attach": ("attach", "a"),
    "filename": ("filename", "file", "f"),
}
"""ntfy's parameters and their other names. Each may stand in the query, or in a header, there also
with `X-` before it."""
RESULTS: Final = {
    **dict.fromkeys(("white_check_mark", "heavy_check_mark", "tada", "+1"), Result.SUCCESS),
    **dict.fromkeys(("x", "rotating_light", "skull", "no_entry", "-1", "bangbang"), Result.FAIL),
    **dict.fromkeys(("warning", "construction"), Result.PARTIAL),
}
"""Tags that ntfy shows as a picture of a result: https://docs.ntfy.sh/emojis/."""
MAX_TAGS: Final = 20


def read_publish(
    topic: str, parameters: Mapping[str, str], body: bytes | bytearray, query: Mapping[str, str]
) -> Report:
    """Make a report of a message to a topic; `parameters` are by the names in `NAMES`.

    A body that is a picture becomes the screenshot; of another file only the name is shown.
    """
    if not body:
        return _report(topic, parameters, {"content": parameters.get("message", "")}, query)
    content = parameters.get("message", "")
    if is_picture(body):
        return _report(topic, parameters, {"content": content, "screenshot": bytes(body)}, query)
    content = "\n".join(filter(None, (content, _text(body, parameters.get("filename", "")))))
    return _report(topic, parameters, {"content": content}, query)


def read_json(fields: Fields, query: Mapping[str, str]) -> Report:
    """Make a report of a message published as JSON.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    topic = fields.get("topic")
    if not isinstance(topic, str) or not topic:
        raise InvalidReport("topic", "没有写 topic")
    message = fields.get("message")
    if not isinstance(message, str | int | float | None):
        raise InvalidReport("message", "应为字符串")
    return _report(topic, fields, {"content": message}, query)


def _text(body: bytes | bytearray, name: str) -> str:
    try:
        return str(decode_plain(body)["content"])
    except UnsupportedMedia:
        return f"[文件 {name}]" if name else "[文件]"


def _report(topic: str, parameters: Fields, fields: Fields, query: Mapping[str, str]) -> Report:
    """Make a report; the topic is its event, as ntfy shows the topic without a title."""
    tags = _tags(parameters.get("tags"))
    results = [RESULTS[tag] for tag in tags if tag in RESULTS]
    extra = [
        str(fields["content"] or ""),
        *(f"#{tag}" for tag in tags if tag not in RESULTS),
        *(
            str(parameters[name])
            for name in ("click", "attach")
            if isinstance(parameters.get(name), str)
        ),
    ]
    content = "\n".join(filter(None, extra))
    if not content and not fields.get("screenshot"):
        content = "triggered"  # as ntfy itself says of a message without one
    report = parse(
        {
            **fields,
            "content": content,
            "title": parameters.get("title"),
            "result": results[0].value if results else None,
            "data": {"priority": parameters["priority"]} if parameters.get("priority") else None,
        },
        query,
    )
    return replace(report, event=clean(topic)[: MAX_LENGTHS["event"]].strip())


def _tags(value: object) -> Sequence[str]:
    parts = cast("list[object]", value) if isinstance(value, list) else str(value or "").split(",")
    tags = [one.strip() for one in parts[:MAX_TAGS] if isinstance(one, str)]
    return [one for one in tags if one]
