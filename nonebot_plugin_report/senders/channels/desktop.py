"""Notifications of the desktop that the bot runs on: Windows, macOS, or a D-Bus session.

Sources: desktop-notifier.readthedocs.io, "Platform support"; specifications.freedesktop.org,
"Desktop Notifications".
"""

import asyncio
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from pydantic import PrivateAttr, model_validator

from ...errors import MissingExtra
from ...model.delivery import Delivered, Delivery, NotSent, Outcome
from ...settings import Filled
from ..base import Channel as Base
from ..fit import fit_text
from ..http import Client
from ..literal import literal

MAX_TEXT: Final = 500
"""Characters; a notification shows a few lines."""
SHOW_SECONDS: Final = 20.0


class Channel(Base):
    """The desktop of the user whom the bot runs as."""

    label: ClassVar[str] = "桌面通知"
    pictures: ClassVar[str] = "在通知里"
    limits: ClassVar[str] = "500 字；机器人要运行在有桌面的电脑上"

    app_name: Filled = "NoneBot"
    """通知上显示的程序名"""

    _notifier: Any = PrivateAttr(default=None)
    _folder: Any = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _check_installed(self) -> Self:
        try:
            import_module("desktop_notifier")
        except ImportError:
            raise MissingExtra('需要另外安装：pip install ".[desktop]"') from None
        return self

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Show one notification."""
        del http  # not spoken here
        library: Any = import_module("desktop_notifier")
        message = delivery.message
        text, _ = fit_text(literal(message.body), MAX_TEXT)
        picture = self._picture(delivery)
        # The library logs a failure and raises nothing; it calls back after a success.
        dispatched = asyncio.Event()
        try:
            if self._notifier is None:
                self._notifier = library.DesktopNotifier(app_name=self.app_name)
            async with asyncio.timeout(SHOW_SECONDS):
                await self._notifier.send(
                    title=literal(message.title),
                    message=text,
                    attachment=None if picture is None else library.Attachment(path=picture),
                    on_dispatched=dispatched.set,
                )
        except Exception as error:  # noqa: BLE001 - each platform's own
            self._forget()
            return NotSent(f"不能显示通知（{type(error).__name__}）；要运行在有桌面的电脑上")
        if not dispatched.is_set():
            self._forget()
            return NotSent("没有通知服务；要运行在有桌面的电脑上")
        return Delivered()

    def _forget(self) -> None:
        """The next notification connects anew; the library keeps a bus that had no service."""
        notifier, self._notifier = self._notifier, None
        bus = getattr(getattr(notifier, "_backend", None), "bus", None)
        if bus is not None:
            bus.disconnect()

    def _picture(self, delivery: Delivery) -> Path | None:
        """The picture as a file. The desktop reads it later, so the last one stays."""
        image = delivery.message.image
        if image is None:
            return None
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="report-")
        file = Path(self._folder.name, f"screenshot.{image.extension}")
        file.write_bytes(image.data)
        return file

    async def close(self) -> None:
        """Remove the last picture, and leave the desktop."""
        self._forget()
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()
