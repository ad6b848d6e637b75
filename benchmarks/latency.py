"""How long a push waits for its answer, and its targets for their message, while QQ is slow."""

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
FIRST_TARGET = 20_000


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

    def round(self, waits: Waits, *, screenshot: bool) -> None:
        """Push to each of the bots, and wait until everything is delivered."""
        plan = _own_targets(PUSHES)
        waits.durable += _answers(self.push("durable", plan, screenshot=screenshot))
        self.onebot.call("expect", name="ours", count=PUSHES * TARGETS)
        times = self.push("ours", plan, screenshot=screenshot)
        self.onebot.call("wait", name="ours")
        delivered: dict[str, float] = self.onebot.call("delivered", name="ours")
        waits.ours += _answers(times)
        waits.delivered += [
            max(delivered[str(target)] for target in targets) - sent
            for (sent, _), targets in zip(times, plan, strict=True)
        ]


def run(folder: Path) -> None:
    """Measure and print."""
    with (
        remote("pusher", folder) as pusher,
        remote("onebot", folder) as onebot,
        bot("durable", folder) as durable,
        bot("ours", folder) as ours,
    ):
        onebot.call("join", name="ours", port=ours.port, delay=QQ_SECONDS)
        bench = Bench(pusher, onebot, {"durable": durable, "ours": ours})
        figures.heading(
            f"Latency: QQ takes {QQ_SECONDS:g} s a message, {TARGETS} targets in a push, "
            f"{ROUNDS * PUSHES} pushes, one every {EVERY * 1000:.0f} ms"
        )
        for screenshot in (False, True):
            _report_idle_targets(bench, screenshot=screenshot)
        _report_busy_targets(bench)


def _report_idle_targets(bench: Bench, *, screenshot: bool) -> None:
    bench.round(Waits(), screenshot=screenshot)  # warms up
    waits = Waits()
    for _ in range(ROUNDS):
        bench.round(waits, screenshot=screenshot)
    words = "with a screenshot" if screenshot else "without a screenshot"
    print(f"\n{words}, each push to ten others")
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
