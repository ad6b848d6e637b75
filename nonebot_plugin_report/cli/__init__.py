"""The command line; each command is a module of its own, which only it imports."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from .bot import PACKAGE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = parser().parse_args(arguments)
    match options.command:
        case "demo":
            from .demo import run_demo

            return run_demo(once=options.once)
        case "push":
            from .push import run_push

            return run_push(options)
        case "doctor":
            from .doctor import run_doctor

            return run_doctor(send=not options.no_send)
        case "test":
            from .test import run_test

            return run_test(options.names)
        case "explain":
            from .explain import run_explain

            return run_explain(options.fields, token=options.token, at=options.at)
        case "channels":
            from .channels import run_channels

            return run_channels(options.type)
        case _:
            from .run import run

            return run()


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {PACKAGE}", description="把 BetterGI 与脚本的通知送到 QQ"
    )
    commands = parser.add_subparsers(dest="command", metavar="命令")
    commands.add_parser("run", help="启动机器人（默认）")
    demo = commands.add_parser("demo", help="不需要 QQ 号：在终端里看到一条带截图的推送")
    demo.add_argument("--once", action="store_true", help="看到一条就结束")
    push = commands.add_parser("push", help="向正在运行的机器人推送一条")
    push.add_argument("text", metavar="内容")
    push.add_argument("--title", default="", metavar="标题")
    push.add_argument("--to", action="append", default=[], metavar="QQ号")
    push.add_argument("--to-group", action="append", default=[], metavar="群号")
    push.add_argument("--channel", action="append", default=[], metavar="渠道名")
    push.add_argument("--image", type=Path, metavar="图片")
    push.add_argument("--url", help="推送地址，默认取自当前目录的 .env")
    push.add_argument("--token", help="令牌，默认取自当前目录的 .env 或数据目录")
    doctor = commands.add_parser("doctor", help="检查哪里设置得不对，怎么改；向每个渠道发一条测试")
    doctor.add_argument("--no-send", action="store_true", help="不向渠道发测试推送")
    test = commands.add_parser("test", help="向渠道发一条带图片的测试推送，并说结果")
    test.add_argument("names", nargs="+", metavar="渠道名")
    preview = commands.add_parser(
        "explain", help="一条推送会被哪条规则处理、发给谁、怎么写；不会真的发"
    )
    preview.add_argument("fields", nargs="+", metavar="字段=内容")
    preview.add_argument(
        "--token", default="master", metavar="令牌的名字", help="默认是 master，即 REPORT_TOKEN"
    )
    preview.add_argument("--at", default="", metavar="23:30", help="几点；默认是现在")
    channels = commands.add_parser("channels", help="列出所有渠道的类型，或一种渠道的设置")
    channels.add_argument("type", nargs="?", metavar="类型")
    return parser
