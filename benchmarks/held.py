"""How long the event loop of our bot is held, at what is heaviest; and how fast a backlog goes."""

import http.client
import json
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import figures, heartbeat, payloads, store
from .heartbeat import Hold
from .payloads import PATH, TOKEN
from .processes import Child
from .remote import Remote
from .setting import bot, remote

IDLE_SECONDS = 5.0
SUPERUSER, OTHER = "10001", "10002"
"""A mask covers nothing for superusers."""
TARGETS = ("10001", "10002", "10003", "10004")
SCREENSHOTS = 120
MASKED = 40
LARGE_PICTURES = 4
DIGESTED = 2000
STORED = 200_000
BACKLOG = 10_000
NEW = 2000
ABSENT = 1.5
"""Seconds that no bot is there before a digest."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The processes that all situations have in common."""

    pusher: Remote
    onebot: Remote
    folder: Path

    @contextmanager
    def bot(self, name: str, **settings: object) -> Iterator[Child]:
        """Our bot on a store of its own, not yet connected."""
        own = self.folder / name.replace(" ", "-")
        own.mkdir(exist_ok=True)
        with bot("ours", own, watched=True, **settings) as child:
            yield child

    def join(self, child: Child) -> None:
        """Connect OneBot."""
        self.onebot.call("join", name="ours", port=child.port)

    def push(self, child: Child, count: int, *, screenshot: bool) -> float:
        """When the first of so many pushes was sent; all are answered."""
        plan = [[target] * (count // len(TARGETS)) for target in TARGETS]
        times = self.pusher.call("push", port=child.port, plan=plan, screenshot=screenshot)
        return times[0][0]

    def deliver(self, child: Child, count: int, *, screenshot: bool) -> float:
        """Seconds until so many pushes were answered and delivered."""
        self.onebot.call("expect", name="ours", count=count)
        began = self.push(child, count, screenshot=screenshot)
        return self.onebot.call("wait", name="ours") - began

    def deliver_large(self, child: Child, target: str) -> None:
        """Push pictures of ten megabytes, one after the other."""
        self.onebot.call("expect", name="ours", count=LARGE_PICTURES)
        for _ in range(LARGE_PICTURES):
            picture = b64encode(payloads.large_picture()).decode("ascii")
            fields = {"message": payloads.MESSAGE, "screenshot": picture, "send_to": target}
            _ask(child, "POST", PATH, json.dumps(fields))
        self.onebot.call("wait", name="ours")


def run(folder: Path) -> None:
    """Measure and print."""
    figures.heading(f"Held: how late a task wakes that sleeps {heartbeat.SLEEP * 1000:g} ms")
    with ExitStack() as stack:
        pusher = stack.enter_context(remote("pusher", folder))
        onebot = stack.enter_context(remote("onebot", folder))
        bench = Bench(pusher, onebot, folder)
        _report_idle(bench)
        _report_pictures(bench)
        _report_digest(bench)
        _report_stored(bench)
        _report_backlog(bench)


def _report_idle(bench: Bench) -> None:
    with bot("empty", bench.folder, watched=True) as child:
        _forget(child)
        time.sleep(IDLE_SECONDS)
        _report("the machine itself: an idle bot without the plugin", child, has_target=False)


def _report_pictures(bench: Bench) -> None:
    with bench.bot("pictures", report_max_picture="none") as child:
        bench.join(child)
        time.sleep(1)
        _forget(child)
        bench.deliver(child, 4, screenshot=True)
        _report("the first screenshots after a start", child)
        bench.deliver(child, SCREENSHOTS, screenshot=True)
        _report(f"{SCREENSHOTS} screenshots", child)
        bench.deliver_large(child, SUPERUSER)
        _report(f"{LARGE_PICTURES} pictures of 10 MB", child)
    with bench.bot("masked", report_mask="uid", report_max_picture="none") as child:
        bench.join(child)
        _forget(child)
        bench.deliver(child, MASKED, screenshot=True)
        _report(f"{MASKED} screenshots, three of four masked", child)
        bench.deliver_large(child, OTHER)
        _report(f"{LARGE_PICTURES} pictures of 10 MB, masked", child)
    with bench.bot("shrunk") as child:
        bench.join(child)
        _forget(child)
        bench.deliver_large(child, SUPERUSER)
        _report(f"{LARGE_PICTURES} pictures of 10 MB, shrunk", child)


def _report_digest(bench: Bench) -> None:
    with bench.bot("digest", report_digest_after=1) as child:
        bench.push(child, DIGESTED, screenshot=False)
        bench.push(child, SCREENSHOTS, screenshot=True)
        time.sleep(ABSENT)
        _forget(child)
        bench.join(child)
        bench.onebot.call("expect", name="ours", count=len(TARGETS))
        bench.onebot.call("wait", name="ours")
        _report(f"digests of {DIGESTED + SCREENSHOTS:,}", child)


def _report_stored(bench: Bench) -> None:
    own = bench.folder / "stored"
    own.mkdir()
    store.fill(bench.pusher, bench.onebot, own, STORED)
    with bench.bot("stored") as child:
        bench.join(child)
        _report(f"{STORED:,} stored: the start", child)
        bench.deliver(child, NEW, screenshot=False)
        _report(f"{STORED:,} stored: {NEW:,} pushes", child)
        for _ in range(5):
            _ask(child, "GET", f"/report/health?detail&token={TOKEN}")
        _report(f"{STORED:,} stored: what doctor asks, five times", child)


def _report_backlog(bench: Bench) -> None:
    with bench.bot("backlog", report_digest_after=0) as child:
        bench.push(child, BACKLOG, screenshot=False)
        _forget(child)
        bench.join(child)
        began = time.monotonic()
        bench.onebot.call("expect", name="ours", count=BACKLOG)
        old = BACKLOG / (bench.onebot.call("wait", name="ours") - began)
        _report(f"{BACKLOG:,} that waited go out", child)
        new = NEW / bench.deliver(child, NEW, screenshot=False)
        _report(f"{NEW:,} new ones", child)
    figures.line("a second: those that waited, new ones", f"{old:,.0f}, {new:,.0f}")
    figures.at_least("  those that waited / new ones", old / new, 1.0)


def _report(name: str, child: Child, *, has_target: bool = True) -> None:
    """Print the longest hold since the last time."""
    hold = _forget(child)
    if has_target:
        figures.at_most(name, hold.seconds * 1000, heartbeat.LIMIT * 1000, "ms")
    else:
        figures.line(name, f"{hold.seconds * 1000:.2f} ms")
    if hold.seconds > heartbeat.LIMIT / 2:
        cpu = f"{hold.loop_cpu * 1000:.1f}, {hold.process_cpu * 1000:.1f} ms"
        figures.line("  its CPU: the loop's thread, all threads", cpu)
        figures.line("  most CPU of the loop's thread in any", f"{hold.most_cpu * 1000:.1f} ms")
        figures.line(f"  over {heartbeat.LIMIT * 1000:g} ms", f"{hold.over} times")


def _forget(child: Child) -> Hold:
    return Hold(**_ask(child, "GET", heartbeat.PATH))


def _ask(child: Child, method: str, path: str, body: str | None = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", child.port)
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != http.client.OK:
        raise RuntimeError(f"{method} {path.partition('?')[0]}: {answer.status} {text[:200]!r}")
    return json.loads(text)
