"""What is left after faults: the rounds of `tests/faults`, many times over."""

import asyncio
from pathlib import Path

from tests.faults.errors import fail
from tests.faults.kill import kill
from tests.faults.power import Cuts, cut_the_power
from tests.faults.shim import compiler

from . import faults_shared, figures

KILLS = 200
RECORDINGS = 5
POINTS = 100
"""In each recording."""
PUSHES = 600


def run(folder: Path) -> None:
    """Make all faults and print what was found."""
    _kill(_made(folder / "kill"))
    faults_shared.run(folder / "shared")
    if compiler() is None:
        figures.line("power cuts, failing disk", "need Linux and a C compiler")
        return
    _cut(folder)
    _fail(_made(folder / "errors"))


def _kill(folder: Path) -> None:
    figures.heading(f"kill -9 at random moments under load, {KILLS} rounds")
    kills = asyncio.run(kill(folder, rounds=KILLS, seed=1))
    figures.line("answered 200", f"{len(kills.answered):,}")
    figures.at_most("of these lost", len(kills.lost), 0)
    figures.at_most("out of order", kills.out_of_order, 0)
    figures.line("arrived twice", f"{sum(kills.repeated):,}")
    figures.at_most("most of one lane and round", max(kills.repeated, default=0), 1)


def _cut(folder: Path) -> None:
    figures.heading(f"power cut at {RECORDINGS * POINTS} random moments")
    found: list[Cuts] = []
    for seed in range(RECORDINGS):
        place = _made(folder / f"power-{seed}")
        found.append(asyncio.run(cut_the_power(place, pushes=PUSHES, points=POINTS, seed=seed)))
    figures.line("answered 200", f"{sum(one.answered for one in found):,}")
    figures.line("pages copied from the log meanwhile", f"{sum(one.copied_pages for one in found)}")
    figures.at_most("answered before a cut and lost", sum(len(one.lost) for one in found), 0)
    damaged = sum(len(one.damaged) for one in found)
    figures.at_most("stores that did not open, or are not sound", damaged, 0)


def _fail(folder: Path) -> None:
    figures.heading("each operation on the disk fails in turn, once and for good")
    failures = asyncio.run(fail(folder))
    figures.line("rounds; pushes answered 503", f"{failures.rounds}; {failures.refused}")
    figures.at_most("answered neither 200 nor 503", len(failures.others), 0)
    figures.at_most("answered 200 and lost", len(failures.lost), 0)
    figures.at_most("until the next push was taken", failures.slowest, 10, "s")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
