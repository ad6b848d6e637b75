"""What a process does to its files, recorded and made to fail by a preloaded library (Linux)."""

import mmap
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

SOURCE = Path(__file__).with_name("shim.c")
_RECORD = struct.Struct("<BQQI")
_CONTROL = struct.Struct("<4i")


def compiler() -> str | None:
    """The C compiler, which what is preloaded needs."""
    return shutil.which("cc") if sys.platform == "linux" else None


@cache
def library(source: Path) -> Path:
    """A library to preload, compiled once in this process."""
    built = Path(mkdtemp()) / f"{source.stem}.so"
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", built, source, "-ldl", "-lm", "-lpthread"]
    subprocess.run(command, check=True)
    return built


@dataclass(frozen=True, slots=True)
class Record:
    """One operation."""

    kind: str
    """O: a file is there, T: cut to `offset`, W: written at `offset`, B and S: a sync of the number
    `offset` began and ended, R: renamed, U: removed, D: a folder is there."""
    inode: int
    offset: int
    data: bytes
    end: int
    """Where it ends in the log."""

    @property
    def path(self) -> str:
        return self.data.decode()


class Shim:
    """The library for one process and its folder."""

    def __init__(self, folder: Path, beside: Path) -> None:
        """`folder` is watched; the log stands in `beside`, which is another."""
        self.folder, self.log = folder, beside / "operations"
        self._control = beside / "control"
        self._control.write_bytes(_CONTROL.pack(-1, 0, 0, 0))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(library(SOURCE)), "SHIM_FOLDER": str(self.folder),
            "SHIM_LOG": str(self.log), "SHIM_CONTROL": str(self._control),
        }  # fmt: skip

    def fail(self, after: int, count: int, error: int) -> None:
        """Let `after` operations pass and the next `count` fail (negative: all from then on), with
        an errno."""
        self._write(_CONTROL.pack(after, count, error, 0))

    def heal(self) -> int:
        """Let all pass again. Returns how many there were since `fail`."""
        (seen,) = struct.unpack_from("<i", self._control.read_bytes(), 12)
        self._write(_CONTROL.pack(-1, 0, 0, 0))
        return seen

    def position(self) -> int:
        """How long the log is now."""
        return self.log.stat().st_size

    def records(self) -> Iterator[Record]:
        """All operations so far, in their order."""
        with self.log.open("rb") as log:
            while head := log.read(_RECORD.size):
                kind, inode, offset, length = _RECORD.unpack(head)
                yield Record(chr(kind), inode, offset, log.read(length), log.tell())

    def _write(self, values: bytes) -> None:
        with self._control.open("r+b") as file, mmap.mmap(file.fileno(), 16) as mapped:
            mapped[:] = values
