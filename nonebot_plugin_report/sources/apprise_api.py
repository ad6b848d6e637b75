"""Messages for Apprise-API: https://github.com/caronc/apprise-api. Pure."""

from collections.abc import Mapping
from typing import cast

from ..errors import InvalidReport
from ..model.report import Report
from .base import Fields, lines, text
from .markup import read_marked
from .parse import parse
from .tools.apprise import RESULTS, read_attachments


def read_notify(fields: Fields, query: Mapping[str, str]) -> Report:
    """Make a report of a notification, also with files: pictures are shown, others are named.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    pictures, files = read_attachments(fields)
    sent = fields.get("screenshot")
    pictures = [*(cast("list[object]", sent) if isinstance(sent, list) else [sent]), *pictures]
    body = read_marked(text(fields, "body"), text(fields, "format"))
    content = lines(body, text(fields, "content"), *files)
    if not (content or text(fields, "title") or any(pictures)):
        raise InvalidReport("body", "没有可以发送的内容")
    return parse(
        {
            "title": text(fields, "title"),
            "content": content,
            "result": RESULTS.get(text(fields, "type").lower()),
            "screenshots": pictures,
        },
        query,
    )
