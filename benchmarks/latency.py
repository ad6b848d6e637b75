"""How long a push waits for its answer, and its targets for their message: one at rest, the first
after a start, and many while QQ is slow."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from . import figures
from .processes import Child
from .pusher import Times
from .remote import Remote
from .setting import bot, remote

QQ_SECONDS = 1.0
"""What QQ takes for a message."""
TARGETS = 10
ROUNDS = 5
PUSHES = 60
"""In a round."""
EVERY = 0.05
"""Seconds between two pushes: messages of twenty pushes are under way at any time."""
TARGET = "10001"
FIRST_TARGET = 20_000
KINDS = ("relay", "ours")
SINGLE_PUSHES = 60
STARTS = 5
REST = 0.05
"""Seconds of rest before a single push."""
LATER = 2.5
"""Most milliseconds by which our message may leave later than the relay's, which is the floor."""
REST_AFTER_START = 1.0


@dataclass(slots=True)
class Waits:
    """Seconds that pushes waited."""

    durable: list[float] = field(default_factory=list[float])
    """For the answer of a route that only writes the body to the disk: what the machine, its disk
    and the server take in any case."""
    ours: list[float] = field(default_factory=list[float])
    delivered: list[float] = field(default_factory=list[float])
    """Until OneBot had answered the last of a push's messages."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The processes, all of them ready."""

    pusher: Remote
    onebot: Remote
    bots: Mapping[str, Child]

    def push(self, kind: str, plan: Sequence[list[int]], *, screenshot: bool) -> Times:
        """Push at the set pace, over one connection."""
        port = self.bots[kind].port
        return self.pusher.call("push", port=port, plan=[plan], screenshot=screenshot, every=EVERY)

    def round(self, waits: Waits) -> None:
        """Push to each of the bots, and wait until everything is delivered."""
        plan = _own_targets(PUSHES)
        waits.durable += _answers(self.push("durable", plan, screenshot=False))
        self.onebot.call("expect", name="ours", count=PUSHES * TARGETS)
        times = self.push("ours", plan, screenshot=False)
        self.onebot.call("wait", name="ours")
        delivered: dict[str, float] = self.onebot.call("delivered", name="ours")
        waits.ours += _answers(times)
        waits.delivered += [
            max(delivered[str(target)] for target in targets) - sent
            for (sent, _), targets in zip(times, plan, strict=True)
        ]


def run(folder: Path) -> None:
    """Measure and print."""
    with remote("pusher", folder) as pusher, remote("onebot", folder) as onebot:
        _report_rest(pusher, onebot, folder)
        _report_first(pusher, onebot, folder)
        _report_slow(pusher, onebot, folder)


def _report_rest(pusher: Remote, onebot: Remote, folder: Path) -> None:
    figures.heading(f"At rest: {SINGLE_PUSHES} single pushes, from sent to on the OneBot socket")
    with bot("relay", folder) as relay, bot("ours", folder) as ours:
        bots = {"relay": relay, "ours": ours}
        for kind, child in bots.items():
            onebot.call("join", name=kind, port=child.port)
        for screenshot in (False, True):
            waits: dict[str, list[float]] = {kind: [] for kind in KINDS}
            for number in range(SINGLE_PUSHES + 5):
                for kind, child in bots.items():
                    time.sleep(REST)
                    waited, _ = _single(pusher, onebot, kind, child, screenshot=screenshot)
                    if number >= 5:  # the first ones warm up
                        waits[kind].append(waited)
            _report_single(waits, screenshot=screenshot)


def _report_single(waits: Mapping[str, Sequence[float]], *, screenshot: bool) -> None:
    words = "with a screenshot" if screenshot else "without a screenshot"
    for kind, seen in waits.items():
        p99 = figures.percentile(seen, 99) * 1000
        figures.line(f"{words}, {kind}: p50, p99", f"{median(seen) * 1000:.1f}, {p99:.1f} ms")
    later = (median(waits["ours"]) - median(waits["relay"])) * 1000
    figures.at_most("  ours later than the relay, p50", later, LATER, "ms")


def _report_first(pusher: Remote, onebot: Remote, folder: Path) -> None:
    figures.heading(f"The first push after a start, with a screenshot: {STARTS} starts")
    seen: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    for _ in range(STARTS):
        for kind, waits in seen.items():
            with bot(kind, folder) as child:
                onebot.call("join", name=kind, port=child.port)
                time.sleep(REST_AFTER_START)
                waits.append(_single(pusher, onebot, kind, child, screenshot=True))
    for kind, waits in seen.items():
        arrived, answered = ([1000 * one for one in each] for each in zip(*waits, strict=True))
        longest = f"{max(answered):.1f} and {max(arrived):.1f} ms"
        figures.line(f"{kind}: answer, p50", f"{median(answered):.1f} ms")
        if kind == "ours":
            figures.at_most("ours: on the OneBot socket, p50", median(arrived), 25, "ms")
        else:
            figures.line(f"{kind}: on the OneBot socket, p50", f"{median(arrived):.1f} ms")
        figures.line("  longest of both", longest)


def _single(
    pusher: Remote, onebot: Remote, kind: str, child: Child, *, screenshot: bool
) -> tuple[float, float]:
    """Seconds until one push is on the OneBot socket, and until it is answered."""
    onebot.call("expect", name=kind, count=1)
    ((sent, answered),) = pusher.call(
        "push", port=child.port, plan=[[TARGET]], screenshot=screenshot
    )
    return onebot.call("arrived", name=kind) - sent, answered - sent


def _report_slow(pusher: Remote, onebot: Remote, folder: Path) -> None:
    with (
        bot("durable", folder) as durable,
        bot("ours", folder) as ours,
    ):
        onebot.call("join", name="ours", port=ours.port, delay=QQ_SECONDS)
        bench = Bench(pusher, onebot, {"durable": durable, "ours": ours})
        figures.heading(
            f"Latency: QQ takes {QQ_SECONDS:g} s a message, {TARGETS} targets in a push, "
            f"{ROUNDS * PUSHES} pushes, one every {EVERY * 1000:.0f} ms"
        )
        _report_idle_targets(bench)
        _report_busy_targets(bench)


def _report_idle_targets(bench: Bench) -> None:
    """Words only: a bot sends one message with pictures after another."""
    bench.round(Waits())  # warms up
    waits = Waits()
    for _ in range(ROUNDS):
        bench.round(waits)
    print("\nwithout a screenshot, each push to ten others")
    _report_answers("the disk route's", waits.durable)
    _report_answers("our", waits.ours, target=20)
    figures.line("  tenth message delivered, p50", f"{median(waits.delivered):.2f} s")
    figures.at_most("  tenth message delivered, longest", max(waits.delivered), 1.5, "s")


def _report_busy_targets(bench: Bench) -> None:
    """The queue grows by ten messages a push; what is left of it is not waited for."""
    plan = [_own_targets(1)[0]] * (PUSHES * ROUNDS)
    waits = _answers(bench.push("ours", plan, screenshot=True))
    print("\nwith a screenshot, all pushes to the same ten, so that a queue grows")
    _report_answers("our", waits, target=20)


def _report_answers(whose: str, waits: Sequence[float], target: float | None = None) -> None:
    p99 = figures.percentile(waits, 99) * 1000
    figures.line(f"  {whose} answer, p50", f"{median(waits) * 1000:.1f} ms")
    if target is None:
        figures.line(f"  {whose} answer, p99", f"{p99:.1f} ms")
    else:
        figures.at_most(f"  {whose} answer, p99", p99, target, "ms")
    figures.line(f"  {whose} answer, longest", f"{max(waits) * 1000:.1f} ms")


def _own_targets(pushes: int) -> list[list[int]]:
    """Targets for each push that no other push has: none waits behind another push's message."""
    starts = range(FIRST_TARGET, FIRST_TARGET + pushes * TARGETS, TARGETS)
    return [list(range(start, start + TARGETS)) for start in starts]


def _answers(times: Times) -> list[float]:
    return [answered - sent for sent, answered in times]
