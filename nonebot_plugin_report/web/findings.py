"""What is wrong with the settings of a bot that runs nevertheless; logged, and on the page."""

from collections.abc import Iterator

import nonebot

from ..config import SHORT_TOKEN, placeholders, tell_unknown
from ..hub import Hub
from .addresses import read_settings, unguarded


def warnings(hub: Hub) -> Iterator[str]:
    """What is set in a way that its owner most likely did not mean, and the mend (Chinese)."""
    settings, superusers = read_settings(), nonebot.get_driver().config.superusers
    if hub.tokens.gate.open:
        yield "没有设置 REPORT_TOKEN：任何能连到这个端口的程序都能推送。请在 .env 里设置一个"
    if any(len(one) < SHORT_TOKEN for one in hub.config.tokens):
        yield f"有令牌不到 {SHORT_TOKEN} 个字符，容易被猜到；请换成更长的随机字符"
    for fault, advice in unguarded():
        yield f"{fault}。{advice}"
    for unknown in tell_unknown(settings):
        yield f"{unknown}；请检查拼写"
    for name in placeholders(settings, superusers):
        yield f"{name} 里还是文档里的例子，换成你自己的"
    if not superusers:
        yield (
            "没有设置 SUPERUSERS（你的 QQ 号）：推送要写明发给谁，否则会被拒绝。"
            '在 .env 里写上，例如 SUPERUSERS=["123456789"]'
        )
    for name, reason in hub.config.unavailable.items():
        yield f"渠道 {name} 先不用：{reason}；发给它的推送会存着"
