"""A body as the webhook of another tool writes it, and what it reads as."""

from dataclasses import dataclass, field
from typing import Any

from nonebot_plugin_report.model.report import Result


@dataclass(frozen=True)
class Hook:
    """A body, and the report that it becomes."""

    body: dict[str, Any]
    title: str
    content: str = ""
    """All of it."""
    result: Result | str | None = None
    event: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])
