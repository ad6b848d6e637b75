"""Messages for Gotify's API: https://gotify.net/api-docs (message/createMessage). Pure."""

from collections.abc import Mapping

from ..errors import InvalidReport
from ..model.report import Report
from .parse import parse


def read_gotify(fields: Mapping[str, object], query: Mapping[str, str]) -> Report:
    """The report of a message.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    if fields.get("message") in (None, ""):
        raise InvalidReport("message", "没有可以发送的内容")
    # Its own messages have no pictures; one that comes as a file of a form is shown all the same.
    said = {name: fields.get(name) for name in ("title", "screenshot")}
    said["content"] = fields["message"]
    more = {name: fields[name] for name in ("priority", "extras") if name in fields}
    return parse({**said, "data": more or None}, query)
