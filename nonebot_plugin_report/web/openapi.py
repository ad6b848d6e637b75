"""What the routes' OpenAPI document says of bodies, parameters and answers."""

from typing import Any, Final

from .answers import STATUS

_EXAMPLES: Final[dict[str, Any]] = {
    "bettergi": {
        "summary": "BetterGI 写出的通知",
        "value": {
            "event": "domain.end",
            "result": 0,
            "timestamp": "2026-11-23T21:44:00.1234567+08:00",
            "screenshot": None,
            "message": "自动秘境结束",
            "data": None,
            "send_to": "",
        },
    },
    "script": {
        "summary": "自己的脚本",
        "value": {"title": "备份", "content": "备份完成", "send_to": [10001], "send_to_group": 777},
    },
}
PUSH: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}, "examples": _EXAMPLES},
            "text/plain": {"schema": {"type": "string"}, "example": "备份完成"},
        },
    },
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
        for name in ("token", "send_from", "send_to", "send_to_group", "channel")
    ],
}
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": (error.__doc__ or "").strip()} for error, status in STATUS.items()
}
