"""Messages for Gotify's API: https://gotify.net/api-docs (message/createMessage). Pure."""

from collections.abc import Mapping

from ..errors import InvalidReport
from ..model.report import Report
from .base import pick, record
from .markup import from_markdown, plain
from .parse import parse


def read_gotify(fields: Mapping[str, object], query: Mapping[str, str]) -> Report:
    """Make a report of a message.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    if fields.get("message") in (None, ""):
        raise InvalidReport("message", "没有可以发送的内容")
    # Gotify's own messages have no pictures; a picture in a form's file is shown all the same.
    report_fields = {name: fields.get(name) for name in ("title", "screenshot")}
    message = fields["message"]
    if isinstance(message, str):
        message = from_markdown(message) if _is_markdown(fields) else plain(message)
    report_fields["content"] = message
    more = {name: fields[name] for name in ("priority", "extras") if name in fields}
    return parse({**report_fields, "data": more or None}, query)


def _is_markdown(fields: Mapping[str, object]) -> bool:
    """Whether a message is said to be Markdown: https://gotify.net/docs/msgextras."""
    display = record(dict(fields), "extras").get("client::display")
    return pick(display, "contentType") == "text/markdown"
