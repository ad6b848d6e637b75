"""What to paste into a tool, told in a chat: never with a token, which others could read there."""

from collections.abc import Sequence

from ..doctor.tools import EVERY, SECRET, find_tool, nearest_tool
from .request import Asker, Context, Wrong
from .wording import quoted


async def address(context: Context, _: Asker, arguments: Sequence[str]) -> str:
    """What to paste into a tool, or the tools there are."""
    if not arguments:
        names = "、".join(one.name for one in EVERY)
        return f"写上工具的名字，例如{context.command('地址 bettergi')}。有：{names}"
    tool = find_tool(arguments[0])
    if tool is None:
        meant = nearest_tool(arguments[0])
        refusal = f"没有{quoted(arguments[0])}这个工具"
        raise Wrong(refusal + (f"，是不是{context.command(f'地址 {meant}')}？" if meant else ""))
    lines = [f"{tool.label}：{tool.where}"]
    for name, value in tool.filled(context.push_url, SECRET):
        lines.append(f"{name}：{value}" if name else value)
    return "\n".join([*lines, *([tool.note] if tool.note else [])])
