"""Whatever Apprise reaches.

Source: github.com/caronc/apprise, "Developers' API": async_notify, attachments.
"""

import logging
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from pydantic import PrivateAttr, SecretStr, field_validator

from ...errors import MissingExtra
from ...model.delivery import Delivered, Delivery, NotSent, Outcome
from ...settings import Secret
from ..base import Channel as Base
from ..http import Client
from ..literal import literal


class Channel(Base):
    """An address of Apprise's."""

    label: ClassVar[str] = "Apprise"
    pictures: ClassVar[str] = "作为附件，看服务是否支持"
    limits: ClassVar[str] = "由 Apprise 处理"
    most_pictures: ClassVar[int] = 20

    url: Secret
    """Apprise 的地址，例如 slack://…、mailto://…（需要另外安装 Apprise）"""

    _apprise: Any = PrivateAttr(default=None)

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: SecretStr) -> SecretStr:
        try:
            apprise: Any = import_module("apprise")
        except ImportError:
            raise MissingExtra('需要另外安装 Apprise：pip install ".[apprise]"') from None
        _hush()
        if apprise.Apprise.instantiate(url.get_secret_value()) is None:
            raise ValueError("Apprise 不认识这个地址，检查开头和各部分")
        return url

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send by Apprise, which says no more than whether all went well."""
        del http  # not spoken here
        apprise: Any = import_module("apprise")
        if self._apprise is None:
            self._apprise = apprise.Apprise()
            self._apprise.add(self.url.get_secret_value())
        message = delivery.message
        with _files(delivery) as pictures:
            sent = await self._apprise.async_notify(
                title=literal(message.title),
                body=literal(message.body or message.title),
                attach=pictures or None,
                body_format=apprise.NotifyFormat.TEXT,
            )
        if sent:
            return Delivered()
        return NotSent("Apprise 没有发送成功，它不说明原因；检查 url 和网络", answered=True)


@contextmanager
def _files(delivery: Delivery) -> Generator[list[str]]:
    """The pictures as files, which is how Apprise takes attachments."""
    if not delivery.message.images:
        yield []
        return
    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        files: list[str] = []
        for number, image in enumerate(delivery.message.images):
            file = Path(folder, f"screenshot{number or ''}.{image.extension}")
            file.write_bytes(image.data)
            files.append(str(file))
        yield files


def _hush() -> None:
    """Apprise and its HTTP library log addresses, and keys stand in them."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL + 1)
