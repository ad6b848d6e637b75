"""Messages for Qmsg's API: https://qmsg.zendee.cn/api. Pure."""

from collections.abc import Mapping
from typing import Final

from ..errors import InvalidReport
from ..model.report import Report
from .base import Fields, text
from .markup import plain
from .parse import parse

PRIVATE: Final = frozenset({"send", "jsend", "psend"})
GROUPS: Final = frozenset({"group", "jgroup", "pgroup"})
ACTIONS: Final = PRIVATE | GROUPS
"""Those that begin with j take JSON there, with p another key; here each takes both."""


def read_qmsg(action: str, fields: Fields, query: Mapping[str, str]) -> Report:
    """Make a report of what an action sends; `qq` has the QQ numbers, or those of groups.

    Raises:
        InvalidReport: names the field that is wrong.
    """
    if action not in ACTIONS:
        raise InvalidReport("网址", f"没有这个接口；可用的有 {'、'.join(sorted(ACTIONS))}")
    if not text(fields, "msg"):
        raise InvalidReport("msg", "没有可以发送的内容")
    receivers = "send_to_group" if action in GROUPS else "send_to"
    written = fields.get("qq")
    return parse({"content": plain(text(fields, "msg")), receivers: written or None}, query)
