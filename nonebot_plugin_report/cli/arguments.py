"""The commands and their options, with help in Chinese."""

import argparse
import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NoReturn, Self

from .bot import PACKAGE

_COMPLAINTS: Final = (
    (r"the following arguments are required: (.+)", r"还要写 \1"),
    (r"argument 命令: invalid choice: '?([^']*?)'? \(.*", r"没有 \1 这个命令"),
    (r"argument (\S+): expected one argument", r"\1 后面要写内容"),
    (r"argument (\S+): expected at least one argument", r"还要写 \1"),
    (r"argument (\S+): ignored explicit argument .*", r"\1 后面不能写内容"),
    (r"argument (\S+): .*", r"\1 写得不对"),
    (r"ambiguous option: (\S+) .*", r"\1 不止一个意思，请写全"),
)
"""argparse's errors, as of Python 3.11 to 3.14."""


class Parser(argparse.ArgumentParser):
    """argparse with its messages in Chinese; a subclass is its only hook for them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, add_help=False)
        self._names: list[str] = []
        """Names of the options."""
        self.needed = self.add_argument_group("要写的")
        self.optional = self.add_argument_group("可以写的")
        self.optional.add_argument("-h", "--help", action="help", help="显示这份说明")

    def need(self, name: str, **options: Any) -> Self:
        """Add a positional argument."""
        self.needed.add_argument(name, **options)
        return self

    def option(self, *names: str, **options: Any) -> Self:
        """Add an option."""
        self.optional.add_argument(*names, **options)
        self._names += names
        return self

    def refuse(self, arguments: Sequence[str]) -> NoReturn:
        """Say which arguments are unknown, with the option that was most likely meant; exit."""
        option = next((one for one in arguments if one.startswith("-")), None)
        if option is None:
            self.error(f"不认识 {' '.join(arguments)}")
        name = option.partition("=")[0]
        nearest = get_close_matches(name, self._names, 1, 0.7)
        self.error(f"不认识 {name}" + (f"，是不是 {nearest[0]}" if nearest else ""))

    def format_usage(self) -> str:
        """Write the usage line."""
        return super().format_usage().replace("usage: ", "用法：", 1)

    def format_help(self) -> str:
        """Write the whole help."""
        return super().format_help().replace("usage: ", "用法：", 1)

    def error(self, message: str) -> NoReturn:
        """Print what is wrong with the arguments, and exit."""
        for pattern, translation in _COMPLAINTS:
            if match := re.fullmatch(pattern, message, re.DOTALL):
                message = match.expand(translation)
                break
        self.exit(2, f"❌ {message}\n{self.format_usage()}加上 --help 看说明\n")


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command and its options; None: those of this process. Exits where they are wrong."""
    whole, commands = parsers()
    options, unknown = whole.parse_known_args(arguments)
    if unknown:
        commands.get(options.command, whole).refuse(unknown)
    return options


def parsers() -> tuple[Parser, dict[str, Parser]]:
    """Make the parser of the whole command line, and that of each command."""
    whole = Parser(prog=f"python -m {PACKAGE}", description="把 BetterGI 与脚本的通知送到 QQ")
    commands = whole.add_subparsers(
        title="命令", dest="command", metavar="命令", prog=f"python -m {PACKAGE}"
    )

    by_name: dict[str, Parser] = {}

    def command(name: str, description: str) -> Parser:
        by_name[name] = commands.add_parser(name, help=description, description=description)
        return by_name[name]

    command("run", "启动机器人（不写命令也是它）")
    command("demo", "不需要 QQ 号：在终端里看到一条带截图的推送").option(
        "--once", action="store_true", help="看到一条就结束"
    )
    _push(command("push", "向正在运行的机器人推送一条"))
    command("doctor", "检查哪里设置得不对，怎么改；向每个渠道发一条测试").option(
        "--no-send", action="store_true", help="不向渠道发测试推送"
    )
    command("test", "向渠道或 QQ 发一条带图片的测试推送，并说结果").need(
        "names", nargs="+", metavar="接收者",
        help="渠道名、private:QQ号、group:群号 或 superusers；可以写几个",
    )  # fmt: skip
    _explain(command("explain", "一条推送会被哪条规则处理、发给谁、怎么写；不会真的发"))
    command("address", "打印各个工具里该填什么，就能推到这里").need(
        "tool", nargs="?", metavar="工具", help="例如 bettergi、maa、github；不写就列出所有"
    )
    command("channels", "列出所有渠道的类型，或一种渠道的设置").need(
        "type", nargs="?", metavar="类型", help="例如 bark 或 飞书；不写就列出所有"
    )
    _move(command("move", "把所有记录和图片搬到另一个数据库；先停掉机器人"))
    command("backup", "备份数据库和图片，机器人可以开着").need(
        "file", type=Path, metavar="文件", help="备份成哪个文件，例如 backup.db"
    )
    return whole, by_name


def _move(move: Parser) -> None:
    example = "sqlite:///data/nonebot_plugin_report/report.db 或 postgresql://用户:密码@主机/库名"
    move.need("source", metavar="从哪里", help=f"例如 {example}")
    move.need("target", metavar="到哪里", help="空的，或上次没搬完的；写法一样")


def _push(push: Parser) -> None:
    push.need("text", nargs="?", metavar="内容", help="正文；- 从标准输入读")
    push.option("--title", default="", metavar="标题", help="写在正文前面")
    for name, metavar in (("--to", "QQ号"), ("--to-group", "群号"), ("--channel", "渠道名")):
        push.option(name, action="append", default=[], metavar=metavar, help="发给谁；可以写几次")
    push.option(
        "--image",
        type=Path,
        action="append",
        default=[],
        metavar="图片",
        help="图片文件；可以写几次",
    )
    push.option("--file", type=Path, metavar="文件", help="正文在这个文件里，接在内容后面")
    push.option(
        "--source",
        metavar="来源",
        help="内容是这个来源写的，原样推送：… --source unifi < body.json",
    )
    push.option("--url", metavar="网址", help="推送地址；默认取自当前文件夹的 .env")
    push.option("--token", metavar="令牌", help="默认取自当前文件夹的 .env 或数据文件夹")
    push.option("--wait", action="store_true", help="等到有了结果再结束，最多一分钟")
    push.option("--json", action="store_true", help="打印机器人回答的 JSON")


def _explain(explain: Parser) -> None:
    explain.need("fields", nargs="*", metavar="字段=内容", help="例如 event=task.error result=Fail")
    explain.option(
        "--source",
        metavar="来源",
        help="从标准输入读这个来源写的内容：… --source unifi < body.json",
    )
    explain.option(
        "--last", action="store_true", help="改用机器人最近一次没能按 --source 读懂的内容"
    )
    explain.option(
        "--token", default="master", metavar="令牌的名字", help="默认是 master，即 REPORT_TOKEN"
    )
    explain.option("--at", default="", metavar="几点", help="例如 23:30；默认是现在")
