"""Processes of a benchmark: started, waited for, told what to do, and always ended."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0
POLL = 0.005
"""Seconds between two looks at something that is waited for."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process that listens on a port of 127.0.0.1."""

    process: subprocess.Popen[bytes]
    port: int
    started_in: float
    """Seconds from its start until it listened."""

    def memory(self) -> int:
        """Bytes that it holds in RAM."""
        return memory_of(self.process.pid)

    def peak_memory(self) -> int | None:
        """The most that it held since `forget_peak`; None where the system cannot tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        return _kibibytes(status.read_text(), "VmHWM") if status.exists() else None

    def forget_peak(self) -> None:
        """Count the peak from now on (Linux: proc_pid_clear_refs(5))."""
        if (clear := Path(f"/proc/{self.process.pid}/clear_refs")).exists():
            clear.write_text("5")

    def cpu_seconds(self) -> float | None:
        """CPU time that it used so far (proc_pid_stat(5)); None where the system cannot tell."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        return _cpu(_stat(stat)[11:13]) if stat.exists() else None

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self.process.terminate()
        self.process.wait(60)


@contextmanager
def started(module: str, *arguments: str, folder: Path) -> Iterator[Child]:
    """Run `python -m benchmarks.<module> <port> <arguments>` in a folder; killed at the end.

    What it prints goes nowhere: a file or a terminal would cost most whoever logs most.
    """
    port = free_port()
    command = [sys.executable, "-m", f"benchmarks.{module}", str(port), *arguments]
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for_port(process, port)
        yield Child(process, port, time.monotonic() - began)
    finally:
        process.kill()
        process.wait()


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for stores, on a disk: /tmp is memory on many systems, /var/tmp on none."""
    lasting = Path("/var/tmp")
    folder = Path(tempfile.mkdtemp(dir=lasting if lasting.is_dir() else None))
    folder.chmod(0o711)  # PostgreSQL refuses to run as root, and so must be let through
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def memory_of(pid: int) -> int:
    """Bytes that a process holds in RAM."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        return _kibibytes(status.read_text(), "VmRSS")
    return int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(pid)])) * 1024


def cpu_of_family(pid: int) -> float:
    """CPU time that a process and its children used so far, those that have ended included
    (proc_pid_stat(5)); 0 where the system cannot tell."""
    seconds = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = _stat(stat)
        except OSError:  # it has ended meanwhile
            continue
        if stat.parent.name == str(pid):
            seconds += _cpu(fields[11:15])
        elif fields[1] == str(pid):
            seconds += _cpu(fields[11:13])
    return seconds


def printed(module: str, folder: Path, **environment: str) -> list[float]:
    """The numbers at the end of what `python -m benchmarks.<module>` prints in a folder."""
    text = subprocess.check_output(
        [sys.executable, "-m", f"benchmarks.{module}"],
        cwd=folder,
        env=_environment() | environment,
    )
    return [float(one) for one in text.splitlines()[-1].split()]


def _environment() -> dict[str, str]:
    """Whoever installs a package has its bytecode. Some environments write none, and each start
    would compile this checkout anew."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}


def _wait_for_port(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"{process.args} ended with code {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(POLL)
        else:
            return
    raise SystemExit(f"{process.args} did not listen within {START_SECONDS:.0f} s")


def _stat(file: Path) -> list[str]:
    """The fields of a process behind its name; the first is its state (proc_pid_stat(5))."""
    return file.read_text().rpartition(")")[2].split()


def _cpu(ticks: list[str]) -> float:
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _kibibytes(status: str, name: str) -> int:
    """A line of /proc/<pid>/status in bytes (proc_pid_status(5))."""
    return next(int(one.split()[1]) for one in status.splitlines() if one.startswith(name)) * 1024
