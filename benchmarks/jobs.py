"""A receiver that puts each push into procrastinate's queue, whose worker in this process sends it.

As procrastinate's documentation has it for FastAPI ("Launch a worker, inside an application"), with
the asynchronous connector and as many jobs side by side as there are connections that push.
"""

from functools import partial

import nonebot
import procrastinate
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel


class Config(BaseModel, extra="ignore"):
    """What the benchmark tells."""

    jobs_database: str
    """The address of the database, its tables made."""
    jobs_side_by_side: int


config = nonebot.get_plugin_config(Config)
driver = nonebot.get_driver()
queue = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=config.jobs_database))


@queue.task
async def deliver(to: int, text: str) -> None:
    """Send one message."""
    await nonebot.get_bot().send_msg(
        message_type="private", user_id=to, message=[{"type": "text", "data": {"text": text}}]
    )


@driver.on_startup
async def start() -> None:
    """Open the queue, and let a worker run as long as the bot."""
    await queue.open_async()
    work = partial(
        queue.run_worker_async,
        concurrency=config.jobs_side_by_side,
        install_signal_handlers=False,
    )
    driver.task_group.start_soon(work)


app: FastAPI = nonebot.get_app()


@app.post("/report")
async def push(request: Request) -> JSONResponse:
    """Answer when the job is committed."""
    report = await request.json()
    await deliver.defer_async(to=int(report["send_to"]), text=report["message"])
    return JSONResponse({})
