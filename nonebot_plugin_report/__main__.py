"""The command line: a ready bot, the demo, a push, channels tried out, the doctor."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import httpx2
import nonebot
import pybase64
from pydantic import ValidationError

from .bot import (
    MASK,
    PACKAGE,
    init_nonebot,
    masked,
    onebot_url,
    prepare_bot,
    push_url,
    read_settings,
    server_options,
    token,
    where_token_is,
)
from .config import Config, explain
from .delivery import Delivered
from .errors import ConfigError, Refused
from .report import clean

PUSH_SECONDS: Final = 30.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = _parser().parse_args(arguments)
    match options.command:
        case "demo":
            from .demo import run_demo

            return run_demo(once=options.once)
        case "push":
            return _push(options)
        case "doctor":
            from .doctor import run_doctor

            return run_doctor(send=not options.no_send)
        case "test":
            return _test(options.names)
        case "explain":
            return _explain(options)
        case "channels":
            return _channels(options.type)
        case _:
            return _run()


def _parser() -> argparse.ArgumentParser:
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


def _run() -> int:
    try:
        import uvicorn  # noqa: F401  # pyright: ignore[reportUnusedImport] - only whether it is there
    except ModuleNotFoundError:
        print('启动机器人还需要 uvicorn，请运行：pip install "nonebot-plugin-report-hub[bot]"')
        return 1
    driver = prepare_bot()
    shown = sys.stdout.isatty()  # else it goes to a log, which many can read
    print(f"BetterGI 的 Webhook 地址：\n  {push_url()}?token={token() if shown else MASK}")
    if not shown:
        print(f"日志里不写令牌；把上面的 {MASK} 换成令牌，它在{where_token_is()}")
    print(f"OneBot 实现（NapCat 等）的反向 WebSocket 地址：\n  {onebot_url()}")
    if not driver.config.superusers:
        print("还没有设置 SUPERUSERS（你的 QQ 号），推送时要写明 send_to，例如 .env 里：\n"
              '  SUPERUSERS=["10001"]')  # fmt: skip
    nonebot.run(**server_options())
    return 0


def _push(options: argparse.Namespace) -> int:
    init_nonebot(log_level="WARNING")
    fields = {
        "title": options.title,
        "content": options.text,
        "send_to": options.to,
        "send_to_group": options.to_group,
        "channel": options.channel,
        "screenshot": options.image and pybase64.b64encode_as_string(options.image.read_bytes()),
    }
    secret: str = options.token or token()
    headers = {b"Authorization": f"Bearer {secret}".encode()}
    try:
        # No proxy of the environment: it could not reach this machine's own address.
        with httpx2.Client(timeout=PUSH_SECONDS, trust_env=False) as client:
            answer = client.post(options.url or push_url(), json=fields, headers=headers)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        print(
            f"连不上机器人（{type(error).__name__}）；它在运行吗？可以用 doctor 检查",
            file=sys.stderr,
        )
        return 1
    said = masked(clean(answer.text).replace(secret, MASK))
    print(said, file=sys.stdout if answer.is_success else sys.stderr)
    return 0 if answer.is_success else 1


def _test(wanted: Sequence[str]) -> int:
    """Try channels out; 0 if all got it."""
    from .trial import tell, try_channel

    config = _read_config()
    if config is None:
        return 2
    if unknown := [name for name in wanted if name not in config.report_channels]:
        known = "、".join(config.report_channels) or "一个也没有"
        print(f"REPORT_CHANNELS 里没有 {'、'.join(unknown)}；有的是：{known}", file=sys.stderr)
        return 2
    arrived = True
    for name in wanted:
        outcome = asyncio.run(try_channel(config, name))
        arrived &= isinstance(outcome, Delivered)
        print(
            f"{'✅' if isinstance(outcome, Delivered) else '❌'} {name}：{tell(outcome)}",
            flush=True,
        )
    return 0 if arrived else 1


def _explain(options: argparse.Namespace) -> int:
    """Tell what would become of a report; 0 if it would be accepted."""
    from .preview import preview, read_fields

    config = _read_config()
    if config is None:
        return 2
    superusers = nonebot.get_driver().config.superusers
    try:
        fields = read_fields(options.fields)
        print(preview(config, superusers, fields, token=options.token, at=options.at))
    except Refused as error:
        print(f"不会收下：{error}", file=sys.stderr)
        return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _read_config() -> Config | None:
    """The settings of the current folder; where they are wrong, None, and that was told."""
    init_nonebot(log_level="ERROR")
    try:
        return Config.model_validate(read_settings())
    except ValidationError as error:
        print(explain(error), file=sys.stderr)
        return None


def _channels(kind: str | None) -> int:
    from .senders.describe import describe, describe_settings

    try:
        print(describe_settings(kind) if kind else describe())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
