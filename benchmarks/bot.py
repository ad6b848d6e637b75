"""A process that is a NoneBot: the same driver, server and adapter, with one of five receivers.

`python -m benchmarks.bot <port> <bare|durable|peer|ours|empty> [settings as JSON]`
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

PLUGINS = {"ours": "nonebot_plugin_report", "peer": "benchmarks.peer"}


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


def main(port: int, kind: str, settings: str = "{}") -> None:
    """Run until ended."""
    prepare(port, **json.loads(settings))
    if kind in ROUTES:
        ROUTES[kind](nonebot.get_app())
    elif kind in PLUGINS and nonebot.load_plugin(PLUGINS[kind]) is None:
        raise SystemExit(f"{PLUGINS[kind]} could not be loaded")
    nonebot.run()


ROUTES = {"bare": add_bare_route, "durable": add_durable_route}

if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
