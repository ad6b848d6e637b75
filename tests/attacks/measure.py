"""What one client costs everybody else: how long they wait, and how much memory the bot takes.

The bystander is a process of its own, so that what a test does to attack does not slow it. Times
are those of the machine on which the figures were taken: each is divided by how much slower this
one is at that moment, so that a slow or busy machine fails nothing.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

from tests.bot import Bot

STANDSTILL: Final = 0.1
"""Seconds of the reference machine for which one client may keep others waiting."""
PACE: Final = """
import time

def pace():
    times = []
    for _ in range(15):
        begun, total = time.perf_counter(), 0
        for number in range(100_000):
            total += number & 7
        times.append(time.perf_counter() - begun)
    return max(1.0, sorted(times)[7] / 0.0038)
"""
"""How many times slower than the reference machine (0.0038 s for the loop) this one is now."""
MEMORY: Final = 64 * 2**20
"""Bytes that it may cost beyond REPORT_MAX_BODY."""
TRIES: Final = 3
"""A standstill of ours is there each time; one of the machine's is not."""
_BYSTANDER: Final = f"""
{PACE}
import socket, sys, threading

host, port = "127.0.0.1", int(sys.argv[1])
request = b"GET /report/health HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n"
longest, over = 0.0, threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
connection = socket.create_connection((host, port))
slower = pace()
print("ready", flush=True)
while not over.is_set():
    begun = time.monotonic()
    connection.sendall(request)
    answer = b""
    while b"\\r\\n\\r\\n" not in answer:
        piece = connection.recv(65536)
        if not piece:
            connection = socket.create_connection((host, port))
            connection.sendall(request)
        answer += piece
    longest = max(longest, time.monotonic() - begun)
    time.sleep(0.002)
print(longest / max(slower, pace()), flush=True)
"""


@dataclass
class Cost:
    """What was seen while something was done."""

    waited: float = 0.0
    """The longest that a bystander waited for an answer, in seconds of the reference machine."""
    memory: int = 0
    """By how many bytes the bot's memory grew at its highest."""


@asynccontextmanager
async def watched(bot: Bot) -> AsyncGenerator[Cost]:
    """Watch a bot while something is done to it; the cost is complete at the end."""
    assert bot.process is not None
    cost, pid = Cost(), bot.process.pid
    bystander = await asyncio.create_subprocess_exec(
        sys.executable, "-S", "-c", _BYSTANDER, str(bot.port),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert bystander.stdin is not None
    assert bystander.stdout is not None
    try:
        assert await bystander.stdout.readline() == b"ready\n"
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # VmHWM starts from what is in use now
        before = _memory(pid, "VmRSS")
        yield cost
        cost.memory = _memory(pid, "VmHWM") - before
        bystander.stdin.close()
        cost.waited = float(await bystander.stdout.readline())
    finally:
        if bystander.returncode is None:
            bystander.kill()
        await bystander.wait()


async def least_cost(bot: Bot, attack: Callable[[], Awaitable[object]]) -> Cost:
    """The cost of an attack: of some tries the one that kept others waiting least, and the one that
    took most memory."""
    costs: list[Cost] = []
    for _ in range(TRIES):
        async with watched(bot) as cost:
            await attack()
        costs.append(cost)
        if cost.waited <= STANDSTILL:
            break
    return Cost(min(one.waited for one in costs), max(one.memory for one in costs))


def least_seconds(work: Callable[[], object]) -> float:
    """How long some work takes, the least of some tries, in seconds of the reference machine."""
    scope: dict[str, Callable[[], float]] = {}
    exec(PACE, scope)  # the bystander runs it too
    times: list[float] = []
    for _ in range(TRIES):
        begun = perf_counter()
        work()
        times.append(perf_counter() - begun)
    return min(times) / scope["pace"]()


def _memory(pid: int, name: str) -> int:
    """Bytes, of the kernel's account of a process (proc(5), "/proc/pid/status")."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith(f"{name}:"))
    return int(found.split()[1]) * 1024
