"""A process that is a NoneBot: the same driver, server and adapter, with one of seven receivers.

`python -m benchmarks.bot <port> <bare|durable|relay|peer|ours|jobs|empty> [settings as JSON]`
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import nonebot
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from nonebot.adapters.onebot import v11
from starlette.concurrency import run_in_threadpool

from . import heartbeat

PLUGINS = {
    "ours": "nonebot_plugin_report",
    "peer": "benchmarks.peer",
    "jobs": "benchmarks.jobs",
}


def prepare(port: int, **settings: Any) -> None:
    """A NoneBot without any plugin."""
    nonebot.init(driver="~fastapi", host="127.0.0.1", port=port, **settings)
    nonebot.get_driver().register_adapter(v11.Adapter)


def add_bare_route(app: FastAPI) -> None:
    """The least that a receiver can do: read the body, answer."""

    @app.post("/report")
    async def push(request: Request) -> JSONResponse:  # pyright: ignore[reportUnusedFunction] - the decorator registers it
        return JSONResponse({"size": len(await request.body())})


def add_durable_route(app: FastAPI) -> None:
    """The least that a receiver can do that loses nothing: it is on the disk before the answer."""
    journal = Path("journal").open("ab", buffering=0)  # noqa: SIM115 - open as long as the process

    def keep(body: bytes) -> None:
        journal.write(body)
        os.fsync(journal.fileno())

    @app.post("/report")
    async def push(request: Request) -> JSONResponse:  # pyright: ignore[reportUnusedFunction] - the decorator registers it
        body = await request.body()
        await run_in_threadpool(keep, body)
        return JSONResponse({"size": len(body)})


def add_relay_route(app: FastAPI) -> None:
    """The least that passes a push on: it reads the body, and has the bot send what is in it."""

    @app.post("/report")
    async def push(request: Request) -> JSONResponse:  # pyright: ignore[reportUnusedFunction] - the decorator registers it
        report = await request.json()
        message = [{"type": "text", "data": {"text": report["message"]}}]
        if picture := report["screenshot"]:
            message.append({"type": "image", "data": {"file": f"base64://{picture}"}})
        await nonebot.get_bot().send_msg(
            message_type="private", user_id=int(report["send_to"]), message=message
        )
        return JSONResponse({})


def main(port: int, kind: str, settings: str = "{}") -> None:
    """Run until ended."""
    values = json.loads(settings)
    is_watched = values.pop("watched", False)
    prepare(port, **values)
    if is_watched:
        heartbeat.install(nonebot.get_app())
    if kind in ROUTES:
        ROUTES[kind](nonebot.get_app())
    elif kind in PLUGINS and nonebot.load_plugin(PLUGINS[kind]) is None:
        raise SystemExit(f"{PLUGINS[kind]} could not be loaded")
    nonebot.run()


ROUTES = {"bare": add_bare_route, "durable": add_durable_route, "relay": add_relay_route}

if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
