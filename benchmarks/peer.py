"""The peer: the plugin that BetterGI's documentation prints for a QQ bot.

https://bettergi.com/dev/webhook.html, "QQ机器人接入webhook示例", in both its files. It does here
what it does there, in the words of pydantic 2; mended is only what keeps it from working today:

- `result` may be a number (the page's `Optional[str]` answers 422 to every push since 2025-03);
- `environment` has a default (NoneBot no longer hands it to plugins, so it would not start).

No `report_token` is set: it would have to stand in the body, where BetterGI cannot put one. So it
checks none, which costs it nothing.
"""

from fastapi import FastAPI, HTTPException, status
from nonebot import get_bot, get_driver, get_plugin_config
from nonebot.drivers import ASGIMixin
from nonebot.log import logger
from pydantic import BaseModel, Field, field_validator, model_validator

ID = str | int
TEMPLATE = (
    "{title}\n{content}\nEvent: {event}\nResult: {result}\nTimestamp: {timestamp}\n"
    "Screenshot: {screenshot}\nMessage: {message}"
)


class Config(BaseModel, extra="ignore"):
    """The page's settings."""

    report_token: str | None = None
    report_from: ID | None = None
    report_route: str = "/report"
    report_template: str = TEMPLATE
    environment: str = "prod"
    superusers: list[str]


class Report(BaseModel):
    """The page's request body."""

    token: str | None = Field(None, exclude=True)
    title: str | None = None
    content: str | None = None
    send_from: ID | None = None
    send_to: list[ID] | None = None
    send_to_group: list[ID] | None = None
    event: str | None = None
    result: str | int | None = None
    timestamp: str | None = None
    screenshot: str | None = None
    message: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _aliases(cls, v: dict[str, object]) -> dict[str, object]:
        for name, alias in (
            ("send_from", "from"),
            ("send_to", "to"),
            ("send_to_group", "to_group"),
        ):
            if v.get(name) is None:
                v[name] = v.get(alias)
        return v

    @field_validator("send_to", "send_to_group", mode="before")
    @classmethod
    def _listed(cls, v: object) -> object:
        return v if v is None or isinstance(v, list) else [v]


driver = get_driver()
config = get_plugin_config(Config)
app = FastAPI()


@app.post(config.report_route, status_code=200)
async def push(r: Report) -> None:
    """Send before answering; nothing is kept."""
    logger.debug(f"Received report: {r.model_dump_json()}")
    if config.report_token is not None and r.token != config.report_token:
        logger.warning(f"Invalid token: {r.token}")
        raise HTTPException(status.HTTP_403_FORBIDDEN)
    try:
        bot = get_bot(r.send_from or config.report_from)  # pyright: ignore[reportArgumentType] - as printed
    except KeyError:
        logger.warning(f"No bot with specific id: {r.send_from}")
        return
    except ValueError:
        logger.warning("No bot available or driver not initialized")
        return
    message = _words(r)
    for uid in _private_targets(r):
        logger.debug(f"Sending message to user {uid}")
        await bot.send_msg(user_id=uid, message=message, message_type="private")
    for gid in r.send_to_group or []:
        logger.debug(f"Sending message to group {gid}")
        await bot.send_msg(group_id=gid, message=message, message_type="group")
    logger.info(f"Report pushed: {r.model_dump_json()}")


def _words(r: Report) -> str:
    return r.message or config.report_template.format(
        title=r.title or "",
        content=r.content or "",
        event=r.event or "",
        result=r.result or "",
        timestamp=r.timestamp or "",
        message=r.message or "",
    )


def _private_targets(r: Report) -> list[ID]:
    if r.send_to is not None:
        return r.send_to
    return [*config.superusers] if r.send_to_group is None else []


@driver.on_startup
async def startup() -> None:
    """Take over the whole root path, as printed."""
    assert isinstance(driver, ASGIMixin)
    driver.server_app.mount("/", app)
    logger.info(f"Mounted to {config.report_route}")
