"""Messages for Gotify's API: https://gotify.net/api-docs (message/createMessage), and what their
`extras` mean: https://gotify.net/docs/msgextras. Pure."""

from collections.abc import Mapping

from ..errors import InvalidReport
from ..model.report import Report
from .base import record, text
from .markup import read_marked
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
        display = record(dict(fields), "extras").get("client::display")
        message = read_marked(message, text(display, "contentType"))
    report_fields["content"] = message
    more = {name: fields[name] for name in ("priority", "extras") if name in fields}
    return parse({**report_fields, "data": more or None}, query)
