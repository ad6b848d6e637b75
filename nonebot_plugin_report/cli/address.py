"""The command `address`: what to paste into a tool so that it pushes here."""

from ..doctor.addresses import push_url
from ..doctor.tools import EVERY, SECRET, Tool, find_tool, nearest_tool
from ..errors import Misused
from .bot import init_nonebot, token


def run_address(name: str | None) -> int:
    """Print what to paste into a tool; without a name, list the tools."""
    if name is None:
        print(list_tools())
        return 0
    tool = find_tool(name)
    if tool is None:
        meant = nearest_tool(name)
        text = f"没有 {name[:40]} 这个工具" + (f"，是不是 {meant}" if meant else "")
        raise Misused(text, "不写名字就列出所有；别的工具用 onebot、gotify、ntfy 或 curl 的写法")
    init_nonebot(log_level="ERROR")
    print(describe_tool(tool, push_url(), token() or SECRET))
    return 0


def list_tools() -> str:
    """List the tools."""
    width = max(len(tool.name) for tool in EVERY)
    return "\n".join(f"{tool.name:<{width}} {tool.label}" for tool in EVERY)


def describe_tool(tool: Tool, url: str, secret: str) -> str:
    """Write what to paste where in a tool."""
    lines = [f"{tool.label}：{tool.where}"]
    for name, value in tool.filled(url, secret):
        if name:
            lines.append(f"  {name}：{value}")
        else:
            lines += [f"  {line}" for line in value.splitlines()]
    return "\n".join([*lines, *([tool.note] if tool.note else [])])
