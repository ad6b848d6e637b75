"""The ready bot, run."""

import sys

import nonebot

from ..web.addresses import onebot_url, push_url
from .bot import MASK, prepare_bot, server_options, token, where_token_is


def run() -> int:
    """Serve until it is stopped; returns the exit code."""
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
