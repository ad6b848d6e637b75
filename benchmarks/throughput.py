"""Pushes answered and delivered a second: a bare route, a relay, the peer, and this plugin."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from . import figures
from .payloads import screenshot
from .processes import Child
from .remote import Remote
from .setting import bot, remote

KINDS = ("bare", "relay", "peer", "ours")
CONNECTIONS = 4
ROUNDS = 9
TARGETS = ("10001", "10002", "10003", "10004")


@dataclass(frozen=True, slots=True)
class Case:
    """What is pushed in a round."""

    name: str
    count: int
    targets: tuple[str, ...]
    """One for each connection."""
    of_peer: float
    """The least that our rate should be of the peer's."""
    screenshot: bool = False

    def plan(self) -> list[list[object]]:
        """What each connection pushes."""
        return [[target] * (self.count // CONNECTIONS) for target in self.targets]


ONE_TARGET = TARGETS[:1] * CONNECTIONS
CASES = (
    Case("small, a target for each connection", 800, TARGETS, 0.85),
    Case("small, all to one target", 800, ONE_TARGET, 0.65),
    Case("screenshot, a target for each connection", 120, TARGETS, 1.0, screenshot=True),
    Case("screenshot, all to one target", 120, ONE_TARGET, 1.0, screenshot=True),
)


@dataclass(slots=True)
class Measured:
    """One bot in one case."""

    rates: list[float] = field(default_factory=list[float])
    """Pushes a second of each round."""
    cpu: float | None = None
    """CPU seconds of the bot's process for a push; says more than a rate on a busy machine."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The processes, all of them ready."""

    pusher: Remote
    onebot: Remote
    bots: Mapping[str, Child]

    def rate(self, kind: str, case: Case) -> float:
        """Pushes a second of one round; none counts before its message reached OneBot."""
        self.onebot.call("expect", name=kind, count=case.count)
        times = self.pusher.call(
            "push", port=self.bots[kind].port, plan=case.plan(), screenshot=case.screenshot
        )
        ended = max(answered for _, answered in times)
        if kind != "bare":
            ended = max(ended, self.onebot.call("wait", name=kind))
        return case.count / (ended - times[0][0])


def run(folder: Path) -> None:
    """Measure every case and print it."""
    with ExitStack() as stack:
        pusher = stack.enter_context(remote("pusher", folder))
        onebot = stack.enter_context(remote("onebot", folder))
        bots = {kind: stack.enter_context(bot(kind, folder)) for kind in KINDS}
        for kind, child in bots.items():
            onebot.call("join", name=kind, port=child.port)
        bench = Bench(pusher, onebot, bots)
        figures.heading(
            f"Throughput: {CONNECTIONS} connections, "
            f"screenshot of {len(screenshot()) / 1024:.0f} KB"
        )
        for case in CASES:
            _report(case, _measure(bench, case))


def _measure(bench: Bench, case: Case) -> dict[str, Measured]:
    """Rounds in turns. The order changes with the round, so that drift hits all alike."""
    measured = {kind: Measured() for kind in KINDS}
    for kind in KINDS:
        bench.rate(kind, case)  # warms up
    began = {kind: child.cpu_seconds() for kind, child in bench.bots.items()}
    for number in range(ROUNDS):
        turn = number % len(KINDS)
        for kind in KINDS[turn:] + KINDS[:turn]:
            measured[kind].rates.append(bench.rate(kind, case))
    for kind, start in began.items():
        if start is not None and (end := bench.bots[kind].cpu_seconds()) is not None:
            measured[kind].cpu = (end - start) / (ROUNDS * case.count)
    return measured


def _report(case: Case, measured: Mapping[str, Measured]) -> None:
    print(f"\n{case.name} ({ROUNDS} rounds of {case.count})")
    for kind, one in measured.items():
        cpu = "" if one.cpu is None else f", {one.cpu * 1000:.2f} ms of CPU each"
        figures.line(f"  {kind}: pushes/s, median (least to most)", figures.spread(one.rates) + cpu)
    rate = {kind: median(one.rates) for kind, one in measured.items()}
    figures.line("  ours / bare", f"{rate['ours'] / rate['bare']:.2f}")
    figures.at_least("  ours / peer", rate["ours"] / rate["peer"], case.of_peer)
    figures.line("  ours / relay", f"{rate['ours'] / rate['relay']:.2f}")
    costs = [one.cpu for one in (measured["ours"], measured["relay"], measured["peer"])]
    if all(costs):
        ours, relay, peer = (cost or 0.0 for cost in costs)
        figures.line("  CPU: ours / relay, ours / peer", f"{ours / relay:.2f}, {ours / peer:.2f}")
