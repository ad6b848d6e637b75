"""The pages that users read: their blocks, and the parts of them that are made from the code.

`python -m tests.documents` writes those parts anew.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from nonebot_plugin_report.chat.command_table import COMMANDS, Who
from nonebot_plugin_report.cli.channels import describe, describe_settings
from nonebot_plugin_report.config import Config, TokenSettings
from nonebot_plugin_report.doctor.tools import SECRET, TOOLS
from nonebot_plugin_report.model.docstrings import meanings
from nonebot_plugin_report.routing.rules import Rule
from nonebot_plugin_report.routing.template import DEFAULT
from nonebot_plugin_report.senders import names
from nonebot_plugin_report.watchdog.beats import Beat
from nonebot_plugin_report.watchdog.watches import Watch

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "benchmarks" / "README.md",
)
EXAMPLE: Final = ROOT / ".env.example"
_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_TEMPLATE: Final = "report_template"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str
    section: str
    """The heading that it stands under."""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks() -> list[Block]:
    """Every fenced block of every page."""
    return [block for page in PAGES for block in _blocks(page)]


def _blocks(page: Path) -> Iterator[Block]:
    section, begun, held = "", None, []
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        fence = re.fullmatch(r"( *)```(\S*) *", line)
        if begun is None and fence:
            begun, held = (number, fence[2], len(fence[1])), []
        elif begun is not None and fence and not fence[2]:
            yield Block(page, begun[0], begun[1], "\n".join(held) + "\n", section)
            begun = None
        elif begun is not None:
            held.append(line[begun[2] :])
        elif heading := re.match(r"#+ (.+)", line):
            section = heading[1]
    assert begun is None, f"{page}: a block is not closed"


def inline(page: Path) -> list[str]:
    """What a page shows as code within its lines."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.M | re.S)
    return re.findall(r"`([^`\n]+)`", text)


def default_text(name: str, info: FieldInfo) -> str:
    """A setting's default as `.env` writes it; empty where there is none."""
    if name == _TEMPLATE:
        return DEFAULT.replace("\n", "\\n")
    match info.get_default(call_default_factory=True, validated_data={}):
        case None:
            return ""
        case float(seconds):
            return _duration(seconds)
        case int(size):
            return f"{size // 2**20}MiB"
        case (int(count), float(period)):
            return f"{count}/{_duration(period)}"
        case tuple() as entries:
            return json.dumps([str(entry) for entry in entries])
        case dict():
            return "{}"
        case default:
            return str(default)


def _duration(seconds: float) -> str:
    if seconds > _DAY and seconds % _DAY == 0:
        return f"{seconds / _DAY:g}d"
    if seconds and seconds % _HOUR == 0:
        return f"{seconds / _HOUR:g}h"
    return f"{seconds:g}"


def _told(text: str) -> str:
    """A docstring in one line."""
    return "".join(line.strip() for line in text.splitlines())


def _cell(text: str) -> str:
    """As a table's cell; what names a page leads there."""
    text = re.sub(r"docs/(\w+\.md)", r"[\1](\1)", text)
    return re.sub(r"([|*])", r"\\\1", text)


def settings_table() -> str:
    """Every setting, its default and what it means: docs/operation.md's."""
    lines = ["| 设置 | 默认值 | 含义 |", "|---|---|---|"]
    said = meanings(Config)
    for name, info in Config.model_fields.items():
        default = default_text(name, info)
        shown = f"`{default}`" if default else "无"
        lines.append(f"| `{name.upper()}` | {shown} | {_cell(_told(said[name]))} |")
    return "\n".join(lines)


def settings_example() -> str:
    """Every setting with its default, commented out: `.env.example`'s."""
    lines: list[str] = []
    said = meanings(Config)
    for name, info in Config.model_fields.items():
        default = default_text(name, info)
        quoted = f'"{default}"' if name == _TEMPLATE else default
        lines += [f"# {_told(said[name])}", f"# {name.upper()}={quoted}", ""]
    return "\n".join(lines).rstrip()


def chat_table() -> str:
    """Every chat command: docs/operation.md's."""
    lines = ["| 发什么 | 做什么 | 谁 |", "|---|---|---|"]
    whose = {
        Who.ANYBODY: "REPORT_BIND 允许的人",
        Who.CONCERNED: "超级用户，绑定了的",
        Who.SUPERUSER: "超级用户",
    }
    for one in COMMANDS:
        lines.append(
            f"| `/推送 {one.usage(superuser=True)}` | {_cell(one.does)} | {whose[one.who]} |"
        )
    return "\n".join(lines)


def fields_table(model: type[BaseModel], wanted: Iterable[str] | None = None) -> str:
    """What can be written in one entry of a setting."""
    lines = ["| 写什么 | 含义 |", "|---|---|"]
    said = meanings(model)
    for name, info in model.model_fields.items():
        if wanted is None or name in wanted:
            shown = f"`{info.alias or name}`" + ("（必填）" if info.is_required() else "")
            lines.append(f"| {shown} | {_cell(_told(said[name]))} |")
    return "\n".join(lines)


def _rule_fields(*, conditions: bool) -> list[str]:
    """A rule's conditions are the fields before `to`."""
    fields = list(Rule.model_fields)
    border = fields.index("to")
    return fields[:border] if conditions else fields[border:]


_FENCES: Final = {
    "curl": "bash", "powershell": "powershell", "python": "python", "apprise": "text",
}  # fmt: skip


def tools_part() -> str:
    """What to paste into each tool: docs/tools.md's."""
    parts: list[str] = []
    for tool in TOOLS:
        # In one section with curl: what is shown for one shell is shown for the other.
        heading = [] if tool.name == "powershell" else [f"## {tool.label}", ""]
        lines = [*heading, f"`{tool.name}`　{tool.where}", ""]
        filled = list(tool.filled("http://127.0.0.1:8080/report", SECRET))
        rows = [f"| {name} | {_value(value)} |" for name, value in filled if name]
        lines += ["| 设置 | 填什么 |", "|---|---|", *rows, ""] if rows else []
        for name, value in filled:
            if not name:
                lines += [f"```{_FENCES.get(tool.name, 'yaml')}", value, "```", ""]
        parts.append("\n".join([*lines, *([_cell(tool.note), ""] if tool.note else [])]).rstrip())
    return "\n\n".join(parts)


def _value(text: str) -> str:
    return f"`{text}`" if text.isascii() or "://" in text or text == SECRET else _cell(text)


def sources_table() -> str:
    """Which tools' own bodies are known: docs/sources.md's."""
    lines = ["| 工具 | `source` | `address` 的名字 | 会看到什么 |", "|---|---|---|---|"]
    for one in TOOLS:
        if one.source:
            shown = f"`{one.source}` | `{one.name}` | {_cell(one.shows)}"
            lines.append(f"| {one.label} | {shown} |")
    return "\n".join(lines)


def made_parts() -> dict[Path, dict[str, str]]:
    """For each page its parts that are made from the code, by the name in their marks."""
    docs = ROOT / "docs"
    return {
        docs / "operation.md": {"settings": settings_table(), "chat": chat_table()},
        docs / "tools.md": {"tools": tools_part()},
        docs / "sources.md": {"sources": sources_table()},
        docs / "channels.md": {
            "channels": describe(),
            "channel-settings": "\n\n".join(describe_settings(name) for name in names()).replace(
                "## ", "### "
            ),
        },
        docs / "rules.md": {
            "conditions": fields_table(Rule, _rule_fields(conditions=True)),
            "actions": fields_table(Rule, _rule_fields(conditions=False)),
            "tokens": fields_table(TokenSettings),
            "watch": fields_table(Watch),
            "beat": fields_table(Beat),
        },
        EXAMPLE: {"settings": settings_example()},
    }


def with_parts(page: Path, parts: dict[str, str]) -> str:
    """A page with these parts in place of those that it has between their marks.

    The marks are `<!-- NAME -->` and `<!-- /NAME -->`; in `.env.example`, `# <NAME>` and
    `# </NAME>`.
    """
    text = page.read_text("utf-8")
    first, last = ("# <{}>", "# </{}>") if page == EXAMPLE else ("<!-- {} -->", "<!-- /{} -->")
    for name, part in parts.items():
        before, begun, rest = text.partition(first.format(name) + "\n\n")
        _, ended, after = rest.partition("\n\n" + last.format(name))
        assert ended, f"{page} has no place for {name}"
        text = f"{before}{begun}{part}{ended}{after}"
    return text


if __name__ == "__main__":
    for path, made in made_parts().items():
        path.write_text(with_parts(path, made), "utf-8")
