"""Where this NoneBot is reached, by its settings."""

from typing import Any

import nonebot


def address() -> str:
    """Host and port at which this machine reaches the bot."""
    config = nonebot.get_driver().config
    host = str(config.host)
    wildcards = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - read, not bound
    return f"{wildcards.get(host, host)}:{config.port}"


def push_url() -> str:
    """The address to push to, without the token."""
    route = str(read_settings().get("report_route", "/report")).strip("/")
    return f"http://{address()}/{route}"


def onebot_url() -> str:
    """The address for a OneBot v11 implementation's reverse WebSocket."""
    return f"ws://{address()}/onebot/v11/ws"


def read_settings() -> dict[str, Any]:
    """NoneBot's settings beyond its own, as it read them; may be changed."""
    extra = nonebot.get_driver().config.model_extra
    assert extra is not None, "NoneBot's Config allows extra fields"  # noqa: S101 - for the type checker
    return extra
