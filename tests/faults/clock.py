"""Processes whose clocks are wrong, and that of one is set again and again (Linux)."""

import mmap
import struct
from pathlib import Path

from .several import Found, several
from .shim import library

SOURCE = Path(__file__).with_name("clock.c")
HOURS = 2 * 3600.0
EXPIRE = "1h"
"""Less than the clocks are off by."""
MESSAGES = 40
"""Until the clock is set again."""


class WrongClock:
    """The clock of one process, as it reads it."""

    def __init__(self, file: Path, seconds: float = 0.0) -> None:
        """`file` is made; the clock is off by so many seconds."""
        self._file = file
        file.write_bytes(struct.pack("d", seconds))

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(library(SOURCE)), "CLOCK_OFFSET": str(self._file)}

    def set(self, seconds: float) -> None:
        """From now on it is off by so many seconds."""
        with self._file.open("r+b") as file, mmap.mmap(file.fileno(), 8) as mapped:
            mapped[:] = struct.pack("d", seconds)


async def mislead(folder: Path, url: str, found: Found, *, rounds: int, seed: int) -> None:
    """Four processes under load: one's clock is right, one's ahead, one's behind, and one's is set
    in each round."""
    jumping = WrongClock(folder / "jumping")
    clocks = (WrongClock(folder / "ahead", HOURS), WrongClock(folder / "behind", -HOURS), jumping)
    environments = [{}, *(one.environment for one in clocks)]
    settings = {"report_expire": EXPIRE}
    async with several(
        folder, [url] * 4, found, seed, settings=settings, environments=environments
    ) as group:
        for _ in range(rounds):
            async with group.load():
                await group.more(MESSAGES)
                jumping.set(group.random.uniform(-HOURS, HOURS))
                await group.more(MESSAGES)
            await group.settle()
            group.count()
        for bot in group.bots:
            found.late += bot.log.count("另一个进程接管了") + bot.log.count("REPORT_EXPIRE")
