"""What the plugin costs a bot: time to load, memory, and memory with a backlog."""

import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from . import figures
from .payloads import SCREENSHOT_BYTES
from .processes import POLL, Child, printed
from .remote import Remote
from .setting import bot, remote

ROUNDS = 9
BACKLOG = 1000
TARGETS = ("10001", "10002", "10003", "10004")


def run(folder: Path) -> None:
    """Measure and print."""
    figures.heading(f"Load: medians of {ROUNDS} starts")
    _report_time(folder)
    _report_memory(folder)
    figures.heading(
        f"Backlog: {BACKLOG:,} different screenshots, "
        f"{BACKLOG * SCREENSHOT_BYTES / figures.MIB:.0f} MiB, and no bot connected"
    )
    _report_backlog(folder)


def _report_time(folder: Path) -> None:
    printed("loading", folder)  # writes the bytecode, where nobody did yet
    warm = [printed("loading", folder)[0] for _ in range(ROUNDS)]
    figures.at_most("load_plugin, bytecode there", median(warm), 0.3, "s")
    with TemporaryDirectory(dir=folder) as empty:
        cold = printed("loading", folder, PYTHONPYCACHEPREFIX=empty)[0]
    figures.line("load_plugin, first start: all compiled from source", f"{cold:.2f} s")


def _report_memory(folder: Path) -> None:
    """RAM of the running bot with and without the plugin, in turns."""
    memory: dict[str, list[float]] = {"empty": [], "ours": []}
    start: dict[str, list[float]] = {"empty": [], "ours": []}
    for _ in range(ROUNDS):
        for kind in memory:
            with bot(kind, folder) as child:
                memory[kind].append(child.memory() / figures.MIB)
                start[kind].append(child.started_in)
    without, with_plugin = median(memory["empty"]), median(memory["ours"])
    figures.line("memory of the bot without the plugin", f"{without:.1f} MiB")
    figures.line("memory of the bot with it", f"{with_plugin:.1f} MiB")
    figures.at_most("  more by", with_plugin - without, 25, "MiB")
    figures.line("start until the port is open, without", f"{median(start['empty']):.2f} s")
    figures.line("start until the port is open, with it", f"{median(start['ours']):.2f} s")


def _report_backlog(folder: Path) -> None:
    with ExitStack() as stack:
        pusher = stack.enter_context(remote("pusher", folder))
        onebot = stack.enter_context(remote("onebot", folder))
        ours = stack.enter_context(bot("ours", folder))
        _line("freshly started", before := ours.memory())
        # The picture library and the database's page cache come with the first pushes.
        _push(pusher, ours, 20)
        _line("after the first 20", warm := ours.memory(), before)
        ours.forget_peak()
        _push(pusher, ours, BACKLOG - 20)
        _line(f"after {BACKLOG:,}", full := ours.memory(), warm)
        _line("  peak on the way", ours.peak_memory(), warm)
        ours.forget_peak()
        seconds = _deliver(onebot, ours)
        _line("after all were delivered", ours.memory(), full)
        _line("  peak on the way", ours.peak_memory(), full)
        figures.line("delivered", f"{BACKLOG / seconds:.0f} a second")


def _push(pusher: Remote, ours: Child, count: int) -> None:
    plan = [[target] * (count // len(TARGETS)) for target in TARGETS]
    pusher.call("push", port=ours.port, plan=plan, screenshot=True)


def _deliver(onebot: Remote, ours: Child) -> float:
    """Connect a bot; seconds until it had the whole backlog."""
    began = time.monotonic()
    onebot.call("join", name="ours", port=ours.port)
    while onebot.call("count", name="ours") < BACKLOG:
        time.sleep(POLL)
    return time.monotonic() - began


def _line(name: str, size: int | None, base: int | None = None) -> None:
    if size is None:
        figures.line(name, "this system does not tell")
        return
    more = "" if base is None else f"   ({(size - base) / figures.MIB:+.1f} MiB)"
    figures.line(name, f"{size / figures.MIB:.1f} MiB{more}")
