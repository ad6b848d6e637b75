"""The addresses of this NoneBot, from its settings."""

from typing import Any, Final
from urllib.parse import quote

import nonebot

_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - read, not bound


def address() -> str:
    """Host and port at which this machine reaches the bot."""
    config = nonebot.get_driver().config
    host = str(config.host)
    written = f"[{host}]" if ":" in host else host
    return f"{_EVERYWHERE.get(host, written)}:{config.port}"


def push_url() -> str:
    """The address to push to, without the token."""
    return f"http://{address()}{route()}"


def route() -> str:
    """REPORT_ROUTE, as it begins every path of ours."""
    return "/" + str(read_settings().get("report_route") or "/report").strip().strip("/")


def with_token(url: str, token: str) -> str:
    """A push address with its token, encoded so that it works when pasted."""
    return f"{url}?token={quote(token, safe='')}"


def onebot_url() -> str:
    """The address for a OneBot v11 implementation's reverse WebSocket."""
    return f"ws://{address()}/onebot/v11/ws"


def unguarded() -> list[tuple[str, str]]:
    """OneBot's ways in that other machines can use without a secret: what is wrong with each, and
    what to do about it (Chinese)."""
    if str(nonebot.get_driver().config.host) not in _EVERYWHERE:
        return []
    settings = read_settings()
    gaps: list[tuple[str, str]] = []
    for name, what in (("access_token", "WebSocket"), ("secret", "HTTP 上报")):
        if settings.get(f"onebot_{name}") or settings.get(f"onebot_v11_{name}"):
            continue
        setting = f"ONEBOT_{name.upper()}"
        fault = f"端口对所有网络开放，但没有设置 {setting}：谁都能冒充 QQ 机器人（{what}）"
        same = f"否则在 .env 和 OneBot 实现里设置同样的 {setting}"
        gaps.append((fault, f"只在本机用就设置 HOST=127.0.0.1，{same}"))
    return gaps


def read_settings() -> dict[str, Any]:
    """NoneBot's extra settings, as it read them; mutable."""
    extra = nonebot.get_driver().config.model_extra
    assert extra is not None, "NoneBot's Config allows extra fields"  # noqa: S101 - for the type checker
    return extra
