"""What the page costs: bytes, and how long one waits for it, with no report stored and with many.

The browser is Debian's Chromium, on a phone's screen; without one only the answers are measured.
"""

import json
import shutil
import time
import urllib.request
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from nonebot_plugin_report.web.page.door import COOKIE

from . import figures
from .payloads import TOKEN
from .processes import Child
from .remote import Remote
from .setting import bot, remote
from .store import KINDS, REPORTS, fill

ROUNDS = 5
FIRST = ("index.html", "style.css", "app.js", "api.js", "dom.js", "history.js", "report.js",
         "live.js", "icon.svg")  # fmt: skip
"""What a browser loads before the first report is on the screen."""
WORDS = ("结束", "秘境结束", "束", "没有的词语")


def run(folder: Path) -> None:
    """Measure and print."""
    figures.heading("Page: bytes, and time to the first report")
    static = files("nonebot_plugin_report.web.page") / "static"
    size = sum(len((static / name).read_bytes()) for name in FIRST)
    figures.at_most("  first view before pictures", size / 1000, 100, "kB")
    folders = {kind: folder / kind for kind in KINDS}
    for own in folders.values():
        own.mkdir()
    with remote("pusher", folder) as pusher, remote("onebot", folder) as onebot:
        fill(pusher, onebot, folders["full"], REPORTS)
        for kind, own in folders.items():
            with bot("ours", own) as child:
                _measure(kind, child, onebot)


def _measure(kind: str, child: Child, onebot: Remote) -> None:
    onebot.call("join", name=f"page-{kind}", port=child.port)
    visitor = _Visitor(child.port)
    if kind == "empty":
        visitor.push()
    figures.line(f"  {kind}: first part of the history, ms", _spread(visitor.history))
    if chromium := shutil.which("chromium"):
        seconds = _on_screen(chromium, child.port)
        figures.at_most(f"  {kind}: until the first report is on the screen", seconds, 1, "s")
    figures.line(f"  {kind}: counts of a month, ms", _spread(visitor.count_days))
    for words in WORDS:
        figures.line(
            f"  {kind}: search for {words}, ms", _spread(lambda words=words: visitor.search(words))
        )


def _spread(work: Callable[[], object]) -> str:
    measured: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        measured.append(1000 * (time.perf_counter() - began))
    return figures.spread(measured)


def _on_screen(chromium: str, port: int) -> float:
    """Seconds, the median: a new visitor's browser, which has a session and nothing else yet."""
    from playwright.sync_api import sync_playwright

    measured: list[float] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(ROUNDS):
            context = browser.new_context(viewport={"width": 390, "height": 844})
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/report/")
            page.get_by_label("令牌").fill(TOKEN)
            page.get_by_role("button", name="进入").click()
            page.locator("article").first.wait_for()
            fresh = browser.new_context(
                viewport={"width": 390, "height": 844},
                storage_state=context.storage_state(),
            ).new_page()
            began = time.perf_counter()
            fresh.goto(f"http://127.0.0.1:{port}/report/", wait_until="commit")
            fresh.locator("article").first.wait_for()
            measured.append(time.perf_counter() - began)
            context.close()
            fresh.context.close()
        browser.close()
    return median(measured)


class _Visitor:
    """Somebody who has come in by the token."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}"
        body = json.dumps({"token": TOKEN}).encode()
        asked = self._request("session", body)
        with urllib.request.urlopen(asked) as answer:
            self._cookie = str(answer.headers["set-cookie"]).partition(";")[0]
        assert self._cookie.startswith(COOKIE)

    def push(self) -> None:
        """Push one report."""
        url = f"{self._root}/report?token={TOKEN}&send_to_group=777"
        urllib.request.urlopen(urllib.request.Request(url, b"x")).close()

    def history(self) -> dict[str, Any]:
        """The first part of the history."""
        return self._get("reports")

    def count_days(self) -> None:
        """Count the reports of each day, to the end."""
        before = ""
        while before := self._get(f"charts?before={before}")["rest"]:
            pass

    def search(self, words: str) -> dict[str, Any]:
        """Look for words until something is found, or all was looked through."""
        quoted, before = quote(words), ""
        while True:
            found = self._get(f"reports?words={quoted}&before={before}")
            if found["reports"] or not found["rest"]:
                return found
            before = found["rest"]

    def _get(self, path: str) -> dict[str, Any]:
        asked = self._request(path, None)
        asked.add_header("Cookie", self._cookie)
        with urllib.request.urlopen(asked) as answer:
            return json.loads(answer.read())

    def _request(self, path: str, body: bytes | None) -> urllib.request.Request:
        return urllib.request.Request(
            f"{self._root}/report/page/{path}", body, {"Origin": self._root}
        )
