"""Messages for Synology Chat's incoming webhooks:
https://kb.synology.com/en-global/DSM/help/Chat/chat_integration. Pure."""

from collections.abc import Mapping

from ..errors import InvalidReport
from ..model.report import Report
from .base import Fields, lines, text
from .markup import plain
from .parse import parse


def read_synology(fields: Fields, query: Mapping[str, str]) -> Report:
    """Make a report of the object that stands in a form's `payload`.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    content = lines(plain(text(fields, "text")), text(fields, "file_url"))
    if not content:
        raise InvalidReport("payload", '没有可以发送的内容，应为 payload={"text": "…"}')
    return parse({"content": content}, query)
