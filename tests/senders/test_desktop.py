"""Desktop notifications, on a private D-Bus session with a real notification service."""

import shutil
import subprocess
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from nonebot_plugin_report.model.delivery import Delivered, Delivery, NotSent

from .service import MARKUP, Service, channel, make_delivery, make_image


async def shows(delivery: Delivery) -> list[str]:
    if shutil.which("dbus-daemon") is None:
        pytest.skip("needs D-Bus")
    with pytest.MonkeyPatch.context() as patch, private_session(patch):
        async with desktop() as shown, channel("desktop") as router:
            assert await router.send(delivery) == Delivered()
    return [shown[0]["summary"], shown[0]["body"]]


SERVICE = Service(kind="desktop", settings=lambda _: {"app_name": "派蒙"}, acts=MARKUP, shows=shows)
NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
on_linux = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs D-Bus")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A D-Bus session of the test's own."""
    with private_session(monkeypatch):
        yield


@contextmanager
def private_session(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", daemon.stdout.readline().strip())
        yield
        daemon.terminate()


@asynccontextmanager
async def desktop() -> AsyncGenerator[list[dict[str, Any]]]:
    """A notification service; what it was asked to show."""
    from dbus_fast.aio import MessageBus

    from tests.senders.notifications import Notifications

    service = Notifications(NAME)
    bus = await MessageBus().connect()
    bus.export(PATH, service)
    await bus.request_name(NAME)
    try:
        yield service.shown
    finally:
        bus.disconnect()


@on_linux
@pytest.mark.usefixtures("session")
async def test_title_text_and_picture_are_shown() -> None:
    image = make_image()
    async with desktop() as shown, channel("desktop", app_name="派蒙") as router:
        assert await router.send(make_delivery(image=image)) == Delivered()
        (notification,) = shown
        picture = unquote(urlsplit(notification["hints"]["image-path"].value).path)
        assert Path(picture).read_bytes() == image.data
    assert notification["app_name"] == "派蒙"
    assert notification["summary"] == "✅ 自动秘境结束"
    assert notification["body"] == "共完成 5 次\n2026-11-23 21:44:00"
    assert not Path(picture).exists()


@on_linux
@pytest.mark.usefixtures("session")
async def test_without_a_notification_service_nothing_was_sent() -> None:
    async with channel("desktop") as router:
        outcome = await router.send(make_delivery())
        assert isinstance(outcome, NotSent)
        async with desktop() as shown:
            assert await router.send(make_delivery()) == Delivered()
            assert len(shown) == 1
