"""The one place where the parts meet, and the one path of a report: `Hub.submit`."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from loguru import logger
from nonebot.adapters import Bot

from . import rules
from .auth import Gate
from .config import Config
from .delivery import Backlog, Message, Receipt, ReportState
from .errors import StoreUnavailable
from .outbox import Limits, Outbox
from .report import Report
from .senders.qq import OneBotSender
from .senders.router import Router

REOPEN_EVERY: Final = 5.0
"""Seconds between tries to open a store that another process has, or that cannot be used."""


@dataclass(frozen=True, slots=True)
class Health:
    """What `GET {route}/health` tells."""

    fault: str
    """Why nothing can be stored (Chinese); empty: it can."""
    bots: tuple[tuple[str, str, bool], ...]
    """Id, adapter and whether it can send now."""
    backlog: Backlog | None
    """None while the store does not work."""


class Hub:
    """Takes reports, stores and delivers them. Opened with the bot, closed with it."""

    def __init__(
        self,
        config: Config,
        database: Path,
        *,
        bots: Callable[[], Mapping[str, Bot]],
        superusers: Iterable[str],
    ) -> None:
        """`bots` gives all connected bots by id; `superusers` are NoneBot's."""
        self.config = config
        self.gate = Gate(config.report_token, time.monotonic)
        self._template = config.template
        self._directory = rules.Directory(
            rules.onebot_users(superusers),
            frozenset(config.report_channels),
            config.report_default_targets,
        )
        self._qq = OneBotSender(bots, config.report_send_interval, config.report_from or "")
        self._router = Router(self._qq, config.report_channels)
        limits = Limits(
            config.report_expire, config.report_retention, config.report_image_retention
        )
        self._outbox = Outbox(database, self._router, limits)
        self._fault = "插件还没有启动"
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start. A store that cannot be used is tried again later; until then all is refused."""
        # NoneBot runs start-up and shutdown hooks in different tasks, which no TaskGroup can span:
        # this one task is ours to end, and all others live in groups below it.
        self._task = asyncio.get_running_loop().create_task(self._work(), name="report outbox")
        await self._tried.wait()

    async def close(self) -> None:
        """Stop; what was not delivered waits on disk."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            await self._router.close()

    async def submit(self, report: Report) -> Receipt:
        """Store a report for its targets; when this returns it is on disk.

        Raises:
            InvalidReport: it reaches nobody.
            StoreUnavailable: it could not be stored.
        """
        targets = rules.route(report, self._directory)
        if self._fault:
            raise StoreUnavailable(self._fault)
        text = self._template.render(report)
        if report.image_fault:
            text = f"{text}\n[截图无法使用：{report.image_fault}]".strip()
        message = Message(text, report.image, replace(report, image=None))
        return await self._outbox.accept(report, message, targets)

    async def state(self, report_id: str) -> ReportState | None:
        """A report by its id or the sender's own, or None.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        if self._fault:
            raise StoreUnavailable(self._fault)
        return await self._outbox.state(report_id)

    async def health(self) -> Health:
        """Whether reports can be stored (tried by a real write), and what waits."""
        bots = tuple(self._qq.connected())
        if self._fault:
            return Health(self._fault, bots, None)
        try:
            return Health("", bots, await self._outbox.check())
        except StoreUnavailable as error:
            return Health(str(error), bots, None)

    async def bot_connected(self) -> None:
        """Send what waited for a bot."""
        if not self._fault:
            await self._resume()

    async def bot_heartbeat(self, self_id: str, *, online: bool) -> None:
        """A OneBot implementation said whether its QQ is online."""
        if self._qq.set_online(self_id, online=online) and not self._fault:
            await self._resume()

    def bot_disconnected(self, self_id: str) -> None:
        """Do not wait for answers that cannot come."""
        self._qq.disconnected(self_id)

    async def _resume(self) -> None:
        try:
            await self._outbox.dispatcher.resume()
        except StoreUnavailable as error:
            logger.warning(f"机器人已连接，但数据库暂时不可用，稍后补发：{error}")

    async def _work(self) -> None:
        """The root of all tasks. A fault here must not take the bot down."""
        while True:
            try:
                await self._outbox.open()
                self._fault = ""
                self._tried.set()
                try:
                    await self._outbox.run()
                finally:
                    self._fault = "插件正在停止"
                    await self._outbox.close()
            except StoreUnavailable as error:
                if str(error) != self._fault:
                    logger.error(f"收不下推送，会继续尝试：{error}")
                self._fault = str(error)
            except Exception:  # noqa: BLE001 - the root of our tasks: logged, and begun anew
                logger.exception("推送插件内部出错，稍后重新开始")
                self._fault = "插件内部出错，正在重新开始"
            self._tried.set()
            await asyncio.sleep(REOPEN_EVERY)
