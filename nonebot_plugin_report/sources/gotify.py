"""Messages for Gotify's API: https://gotify.net/api-docs (message/createMessage). Pure."""

from collections.abc import Mapping

from ..errors import InvalidReport
from ..model.report import Report
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
    report_fields["content"] = fields["message"]
    more = {name: fields[name] for name in ("priority", "extras") if name in fields}
    return parse({**report_fields, "data": more or None}, query)
