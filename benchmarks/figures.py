"""Figures out of measurements, and how they are printed."""

import os
import platform
import sqlite3
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

MIB = 2**20


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of the values do not exceed, interpolated."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def spread(values: Sequence[float]) -> str:
    """The median, and the least and greatest in brackets."""
    return f"{median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def heading(text: str) -> None:
    """Print what the lines below are about."""
    print(f"\n## {text}", flush=True)


def line(name: str, figure: str) -> None:
    """Print one figure."""
    print(f"{name:<58}{figure}", flush=True)


def at_least(name: str, value: float, target: float) -> None:
    """Print a ratio beside the least that it should be."""
    _verdict(name, f"{value:.2f}", f"≥ {target:g}", met=value >= target)


def at_most(name: str, value: float, target: float, unit: str = "") -> None:
    """Print a figure beside the most that it should be."""
    space = " " if unit else ""
    shown, limit = (f"{one}{space}{unit}" for one in (f"{value:.2f}", f"{target:g}"))
    _verdict(name, shown, f"≤ {limit}", met=value <= target)


def machine(folder: Path) -> None:
    """Print what the figures were measured on; `folder` is where the stores are kept."""
    print(
        f"{os.cpu_count()} cores, {platform.system()} {platform.release()} {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}",
        flush=True,
    )
    noise("at the start", folder)


def noise(when: str, folder: Path) -> None:
    """Print how fast and how busy the machine is now, so that runs can be compared."""
    syncs, loops = ([1000 * one for one in measured] for measured in (_fsyncs(folder), _loops()))
    print(
        f"machine {when}: load {_load()}; ms, median (least to most): fsync {_noisy(syncs)}, "
        f"a fixed loop of Python {_noisy(loops)}",
        flush=True,
    )


def _noisy(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _load() -> str:
    """How busy others keep the machine: figures taken beside other work say little."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _fsyncs(folder: Path) -> Iterable[float]:
    """Seconds for a page to reach the disk, some times over."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(100):
            file.write(bytes(4096))
            began = perf_counter()
            os.fsync(file.fileno())
            yield perf_counter() - began


def _loops() -> Iterable[float]:
    """Seconds for the same work of the interpreter, some times over."""
    for _ in range(20):
        began = perf_counter()
        total = 0
        for number in range(200_000):
            total += number
        yield perf_counter() - began


def _verdict(name: str, shown: str, target: str, *, met: bool) -> None:
    line(name, f"{shown}   (target {target}: {'met' if met else 'MISSED'})")
