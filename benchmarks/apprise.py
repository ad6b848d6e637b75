"""A process that sends by Apprise, to the services of `benchmarks.services` that it has."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from .payloads import MESSAGE, TITLE, screenshot
from .remote import serve

ADDRESSES = {
    "bark": "bark://127.0.0.1:{port}/device",
    "dingtalk": "dingtalk://token{digits}",
    "discord": "discord://1000000000/token{digits}?format=text",
    "email": "mailto://127.0.0.1:{port}?from=a@example.com&to=b@example.com&mode=insecure",
    "feishu": "feishu://token-{digits}",
    "gotify": "gotify://127.0.0.1:{port}/Atoken{digits}",
    "ntfy": "ntfy://127.0.0.1:{port}/topic",
    "onebot": "onebot://127.0.0.1:{port}/%23777",
    "pushplus": "pushplus://{digits}",
    "serverchan": "schan://SCT{digits}",
    "telegram": "tgram://123456789:{digits}abc/-1001",
    "webhook": "json://127.0.0.1:{port}/hook",
    "wecom": "wecombot://key-{digits}",
}
"""The channels that it has too, in its words."""
DIGITS = "0123456789abcdef0123456789abcdef"
FIXED = {
    "dingtalk": ("apprise.plugins.dingtalk", "NotifyDingTalk", "/robot/send?access_token={token}"),
    "discord": ("apprise.plugins.discord", "NotifyDiscord", "/api/webhooks"),
    "feishu": ("apprise.plugins.feishu", "NotifyFeishu", "/open-apis/bot/v2/hook/{token}/"),
    "pushplus": ("apprise.plugins.pushplus", "NotifyPushplus", "/send"),
    "serverchan": ("apprise.plugins.serverchan", "NotifyServerChan", "/{token}.send"),
    "telegram": ("apprise.plugins.telegram", "NotifyTelegram", "/bot"),
    "wecom": ("apprise.plugins.wecombot", "NotifyWeComBot", "/cgi-bin/webhook/send?key={key}"),
}
"""Those whose address cannot be set: module, class, and the path there."""


class Sender:
    """Apprise with its pauses between requests taken out: they are no part of what is measured."""

    def __init__(self) -> None:
        self._apprise: Any = None
        self._picture = Path("screenshot.jpg")

    async def prepare(self, ports: dict[str, int]) -> None:
        """Set the services."""
        import apprise

        self._picture.write_bytes(screenshot())
        for name, (module, kind, path) in FIXED.items():
            plugin: Any = getattr(
                sys.modules.get(module) or __import__(module, fromlist=[kind]), kind
            )
            plugin.notify_url = f"http://127.0.0.1:{ports[name]}{path}"
        self._apprise = apprise.Apprise()
        for name, address in ADDRESSES.items():
            if not self._apprise.add(address.format(port=ports.get(name), digits=DIGITS)):
                raise ValueError(f"not taken: {name}")
        for plugin in self._apprise:
            plugin.request_rate_per_sec = 0

    async def notify(self) -> tuple[float, float]:
        """Send once to all; begin and end by `time.monotonic`."""
        began = time.monotonic()
        sent: Any = await self._apprise.async_notify(
            title=TITLE, body=MESSAGE, attach=str(self._picture)
        )
        ended = time.monotonic()
        if not sent:
            raise RuntimeError("some were not sent")
        return began, ended


async def main(port: int) -> None:
    """Serve the benchmark's calls until ended."""
    sender = Sender()
    handlers: dict[str, Any] = {"prepare": sender.prepare, "notify": sender.notify}
    await serve(port, handlers)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
