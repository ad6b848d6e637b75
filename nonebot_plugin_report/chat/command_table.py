"""The commands: one row each, from which help and hints come."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from typing import Final

from . import addresses, bindings, mutes, pages, pushes, status
from .parsing import begins_argument
from .request import Answer, Asker, Context

LIKE: Final = 0.5
"""The similarity from which a name is taken for a typo: one of two characters."""
LONGEST_NAME: Final = 20
"""Most characters of a name."""


class Who(Enum):
    """Who may use a command."""

    ANYBODY = "anybody"
    """Also users without a token."""
    CONCERNED = "concerned"
    """Superusers, and bound users for what is theirs."""
    SUPERUSER = "superuser"


@dataclass(frozen=True, slots=True)
class Command:
    """A command."""

    name: str
    does: str
    """Chinese."""
    answer: Callable[[Context, Asker, Sequence[str]], Awaitable[Answer]]
    others: tuple[str, ...] = ()
    """Other spellings that are understood."""
    arguments: str = ""
    more: str = ""
    """Arguments that only superusers have."""
    who: Who = Who.CONCERNED
    of_report: bool = False
    """Its only argument is a report, which a message may also quote."""
    binding: bool = False
    """Only if REPORT_BIND lets users have tokens."""

    def usage(self, *, superuser: bool) -> str:
        """Its usage, without what all commands begin with."""
        parts = (self.name, self.arguments, self.more if superuser else "")
        return " ".join(word for word in parts if word)

    def is_for(self, asker: Asker, *, binding: bool) -> bool:
        """Whether it works for a user; `binding`: users may have tokens."""
        return (binding or not self.binding) and (asker.superuser or self.who is not Who.SUPERUSER)


async def _help(context: Context, asker: Asker, _: Sequence[str]) -> str:
    rows = visible(asker, binding=bool(context.hub.config.report_bind))
    lines = [f"{context.begin} {one.usage(superuser=asker.superuser)}：{one.does}" for one in rows]
    return "\n".join(["推送的命令：", *lines])


COMMANDS: Final = (
    Command("状态", "是否正常，什么没送到", status.status, ("state", "情况")),
    Command("最近", "最近的推送", pushes.recent, ("历史", "记录", "列表"), "[几条]"),
    Command("详情", "全文和截图", pushes.details, ("查看", "详细"), "第几条或ID",
            of_report=True),
    Command("重发", "再发一次", pushes.resend, ("再发", "补发"), "第几条或ID",
            of_report=True),
    Command("知道了", "不再提醒这一条", pushes.acknowledge, ("收到", "ack"), "第几条或ID",
            of_report=True),
    Command("静音", "先攒着，也可以写 30（分钟）、半天、今晚、到 8 点", mutes.mute,
            ("免打扰", "勿扰"), "2h", "[目标]"),
    Command("取消静音", "恢复推送", mutes.unmute, ("解除静音", "结束静音"), more="[目标]"),
    Command("测试", "发一条测试推送", pushes.test, ("test",), more="[目标]"),
    Command("地址", "各个工具里该填什么", addresses.address, ("网址", "怎么填"), "[工具]"),
    Command("网页", "在浏览器里看", pages.page, ("页面", "web")),
    Command("绑定", "得到自己的推送地址", bindings.bind, who=Who.ANYBODY, binding=True),
    Command("解绑", "不再要推送地址", bindings.unbind, ("取消绑定", "解除绑定"),
            who=Who.ANYBODY, binding=True),
    Command("绑定名单", "谁有推送地址", bindings.bound, ("绑定列表", "名单"),
            who=Who.SUPERUSER, binding=True),
    Command("撤销", "收回他的推送地址", bindings.revoke, (), "QQ号",
            who=Who.SUPERUSER, binding=True),
    Command("帮助", "这些命令", _help, ("help", "菜单", "命令", "?", "？")),
)  # fmt: skip
HELP: Final = COMMANDS[-1]
_BY_NAME: Final = {name: one for one in COMMANDS for name in (one.name, *one.others)}


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as it was written."""

    name: str
    """The name as it was written."""
    command: Command | None
    """None: there is no such command."""
    arguments: tuple[str, ...] = ()
    """Its arguments."""


def visible(asker: Asker, *, binding: bool) -> list[Command]:
    """The commands that work for a user."""
    return [one for one in COMMANDS if one.is_for(asker, binding=binding)]


def read(text: str) -> Asked:
    """Find the command in the text after the first word; no text asks for help.

    `静音2h` is as good as `静音 2h`.
    """
    name, *arguments = text.split() or [HELP.name]
    for length in range(min(len(name), LONGEST_NAME), 0, -1):
        command = _BY_NAME.get(name[:length].lower())
        glued = name[length:]
        if command is not None and (not glued or begins_argument(glued)):
            return Asked(name, command, (*([glued] if glued else []), *arguments))
    return Asked(name, None)


def nearest(name: str, rows: Iterable[Command]) -> Command | None:
    """The command that a misspelt name most likely means."""
    name = name[:LONGEST_NAME].lower()
    likeness = {
        (SequenceMatcher(None, name, each).ratio(), name[:1] == each[:1], each): one
        for one in rows
        for each in (one.name, *one.others)
    }
    best = max(likeness)
    return likeness[best] if best[0] >= LIKE else None
