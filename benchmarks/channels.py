"""One report with a screenshot to sixteen channels, beside Apprise; and what channels cost."""

import http.client
import json
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from . import figures
from .apprise import ADDRESSES
from .payloads import MESSAGE, PATH, TOKEN, screenshot
from .processes import Child, printed
from .remote import Remote
from .services import DELAY
from .setting import bot, remote

ROUNDS = 7
PAUSE = 1.5
"""Seconds between two rounds: Telegram takes one message a second."""
_WAIT_SECONDS = 60.0

CHANNELS: dict[str, Callable[[str], dict[str, object]]] = {
    "bark": lambda url: {"server": url, "device_key": "device"},
    "dingtalk": lambda url: {"webhook": f"{url}/robot/send?access_token=token"},
    "discord": lambda url: {"webhook": f"{url}/api/webhooks/1/token"},
    "email": lambda url: {
        "host": "127.0.0.1", "port": int(url.rpartition(":")[2]), "security": "plain",
        "sender": "a@example.com", "to": "b@example.com",
    },
    "feishu": lambda url: {
        "webhook": f"{url}/open-apis/bot/v2/hook/token", "app_id": "cli_1", "app_secret": "secret",
    },
    "gotify": lambda url: {"server": url, "token": "token"},
    "meow": lambda url: {"server": url, "nickname": "me"},
    "ntfy": lambda url: {"server": url, "topic": "topic"},
    "onebot": lambda url: {"endpoint": url, "group_id": 777},
    "pushplus": lambda url: {"server": url, "token": "token"},
    "qqbot": lambda url: {
        "server": url, "auth_server": url, "app_id": "1", "client_secret": "secret",
        "group_openid": "group",
    },
    "serverchan": lambda url: {"server": url, "key": "SCTkey"},
    "telegram": lambda url: {"server": url, "token": "1:token", "chat_id": "-1001"},
    "webhook": lambda url: {"url": f"{url}/hook"},
    "wecom": lambda url: {"webhook": f"{url}/cgi-bin/webhook/send?key=key"},
    "xxtui": lambda url: {"server": url, "key": "key"},
}  # fmt: skip
UPLOADING = ("feishu", "qqbot", "wecom")
"""Their second request cannot start before the first was answered."""


def run(folder: Path) -> None:
    """Measure and print."""
    figures.heading(
        f"Channels: a report with a screenshot to {len(CHANNELS)}, and by Apprise to the "
        f"{len(ADDRESSES)} that it has; each answers after {DELAY * 1000:.0f} ms; "
        f"medians of {ROUNDS}"
    )
    _report_time(folder)
    figures.heading("What the senders cost a bot without channels")
    _report_cost(folder)


def _report_time(folder: Path) -> None:
    with ExitStack() as stack:
        services = stack.enter_context(remote("services", folder))
        apprise = stack.enter_context(remote("apprise", folder))
        ports: dict[str, int] = services.call("open", names=[*CHANNELS])
        channels = {
            name: {"type": name, **make(f"http://127.0.0.1:{ports[name]}")}
            for name, make in CHANNELS.items()
        }
        ours = stack.enter_context(bot("ours", folder, report_channels=channels))
        apprise.call("prepare", ports=ports)
        seen: dict[str, list[float]] = {}
        for number in range(ROUNDS + 1):
            times = _round(number, ours, apprise, services)
            for name, seconds in times.items():
                # The first opens connections and fetches tokens, on both sides.
                if number:
                    seen.setdefault(name, []).append(seconds)
            time.sleep(PAUSE)
    figure = {name: median(values) for name, values in seen.items()}
    for name, seconds in figure.items():
        figures.line(name, f"{seconds * 1000:.0f} ms")
    last = figure["ours: last arrival"]
    figures.at_most("ours / Apprise: last arrival", last / figure["Apprise: last arrival"], 0.4)
    figures.at_most("ours / Apprise: async_notify", last / figure["Apprise: async_notify"], 0.4)


def _round(number: int, ours: Child, apprise: Remote, services: Remote) -> dict[str, float]:
    """Seconds of one send of each, one after the other."""
    began = _push(number, ours)
    arrivals = services.call("take")
    own = {name for name, _ in arrivals}
    if own != set(CHANNELS):
        raise RuntimeError(f"nothing arrived at {set(CHANNELS) - own}")
    theirs_began, theirs_ended = apprise.call("notify")
    theirs = services.call("take")
    single = [at for name, at in arrivals if name not in UPLOADING]
    return {
        "ours: last arrival": max(at for _, at in arrivals) - began,
        "ours: last arrival where one request is enough": max(single) - began,
        "Apprise: last arrival": max(at for _, at in theirs) - theirs_began,
        "Apprise: async_notify": theirs_ended - theirs_began,
    }


def _push(number: int, ours: Child) -> float:
    """Push, and wait until all is delivered; when it began, by `time.monotonic`."""
    body = json.dumps(
        {
            "event": "domain.end",
            "result": 0,
            "id": f"round-{number}",
            "message": MESSAGE,
            "channel": [*CHANNELS],
            "screenshot": b64encode(screenshot()).decode("ascii"),
        }
    )
    connection = http.client.HTTPConnection("127.0.0.1", ours.port)
    connection.connect()
    began = time.monotonic()
    connection.request("POST", PATH, body, {"Content-Type": "application/json"})
    answer = json.load(connection.getresponse())
    while True:
        # No look before it can be over: answering takes the bot's time.
        time.sleep(PAUSE)
        connection.request("GET", f"/report/{answer['id']}?token={TOKEN}")
        deliveries: list[dict[str, Any]] = json.load(connection.getresponse())["deliveries"]
        if all(one["state"] == "delivered" for one in deliveries):
            return began
        if time.monotonic() > began + _WAIT_SECONDS:
            raise RuntimeError(f"not delivered: {deliveries}")


def _report_cost(folder: Path) -> None:
    printed("senders", folder)  # writes the bytecode, where nobody did yet
    seconds, memory = zip(*(printed("senders", folder) for _ in range(ROUNDS)), strict=True)
    figures.at_most("to load", median(seconds) * 1000, 20, "ms")
    figures.at_most("memory", median(memory) / figures.MIB, 3, "MiB")
