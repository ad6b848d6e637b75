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
    route = str(read_settings().get("report_route") or "/report").strip().strip("/")
    return f"http://{address()}/{route}"


def with_token(url: str, token: str) -> str:
    """A push address with its token, encoded so that it works when pasted."""
    return f"{url}?token={quote(token, safe='')}"


def onebot_url() -> str:
    """The address for a OneBot v11 implementation's reverse WebSocket."""
    return f"ws://{address()}/onebot/v11/ws"


def is_open() -> bool:
    """Whether other machines may connect to this one's port."""
    return str(nonebot.get_driver().config.host) in _EVERYWHERE


def missing_secrets() -> list[tuple[str, str]]:
    """OneBot's secrets that are not set, and the way in that each protects (Chinese)."""
    settings = read_settings()
    return [
        (f"ONEBOT_{name.upper()}", what)
        for name, what in (("access_token", "WebSocket"), ("secret", "HTTP 上报"))
        if not (settings.get(f"onebot_{name}") or settings.get(f"onebot_v11_{name}"))
    ]


def read_settings() -> dict[str, Any]:
    """NoneBot's extra settings, as it read them; mutable."""
    extra = nonebot.get_driver().config.model_extra
    assert extra is not None, "NoneBot's Config allows extra fields"  # noqa: S101 - for the type checker
    return extra
