"""What is on a disk when the power goes: what was synced, and of the rest anything.

POSIX promises no more: of the writes to a file since its last sync each may be there, be lost, or
be there in part, by sectors; a name is there once its folder was synced. Names, which a journal
keeps, are lost in their order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from .shim import Record

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""


@dataclass(slots=True)
class _Unsynced:
    """Operations on a file, or on a folder's names, that may not be on the disk."""

    pending: list[Record] = field(default_factory=list[Record])
    _done: int = 0
    """How many of all were synced."""
    _begun: dict[int, int] = field(default_factory=dict[int, int])
    """How many there were when a sync began, by its number."""

    def begin(self, number: int) -> None:
        """A sync begins."""
        self._begun[number] = self._done + len(self.pending)

    def end(self, number: int) -> list[Record]:
        """A sync has ended: the operations that it brought to the disk."""
        count = max(0, self._begun.pop(number) - self._done)
        synced, self.pending = self.pending[:count], self.pending[count:]
        self._done += count
        return synced


@dataclass(slots=True)
class _File:
    content: bytearray = field(default_factory=bytearray)
    """What is on the disk for certain."""
    unsynced: _Unsynced = field(default_factory=_Unsynced)


@dataclass(slots=True)
class _Folder:
    names: dict[str, int] = field(default_factory=dict[str, int])
    """Paths to inodes: what is on the disk for certain."""
    unsynced: _Unsynced = field(default_factory=_Unsynced)


class Disk:
    """A disk on which operations are done one by one."""

    def __init__(self, folder: Path) -> None:
        """`folder` was empty when the first operation was recorded."""
        self._root = folder
        self._files: dict[int, _File] = {}
        self._folders = {folder.stat().st_ino: _Folder()}
        self._paths = {str(folder): folder.stat().st_ino}
        """The folders, by path."""
        self._seen: dict[str, int] = {}
        """All names as the process saw them."""

    def do(self, one: Record) -> None:
        """Do an operation."""
        match one.kind:
            case "O":
                if self._seen.get(one.path) != one.inode:
                    self._files[one.inode] = _File()
                    self._name(one)
            case "W" | "T" if one.inode in self._files:
                self._files[one.inode].unsynced.pending.append(one)
            case "B" | "S":
                self._sync(one)
            case "D":
                # That the folder itself is there is not what is tested: whoever makes one syncs.
                self._files.pop(one.inode, None)  # a file that had its number is gone
                self._folders[one.inode] = _Folder()
                self._paths[one.path] = one.inode
            case "R" | "U":
                self._name(one)
            case _:
                pass

    def cut(self, into: Path, random: Random) -> None:
        """Write what may be there after a power cut at this moment into an empty folder."""
        for path in self._paths:
            (into / Path(path).relative_to(self._root)).mkdir(exist_ok=True)
        for folder in self._folders.values():
            names = dict(folder.names)
            pending = folder.unsynced.pending
            for one in pending[: random.randint(0, len(pending))]:
                _change(names, one)
            for path, inode in names.items():
                file = self._files[inode]
                content = bytearray(file.content)
                for one in file.unsynced.pending:
                    _apply_in_part(content, one, random)
                (into / Path(path).relative_to(self._root)).write_bytes(content)

    def _sync(self, one: Record) -> None:
        file, folder = self._files.get(one.inode), self._folders.get(one.inode)
        target = file or folder
        if target is None:
            return
        if one.kind == "B":
            target.unsynced.begin(one.offset)
            return
        for synced in target.unsynced.end(one.offset):
            if file is not None:
                _apply(file.content, synced)
            elif folder is not None:
                _change(folder.names, synced)

    def _name(self, one: Record) -> None:
        _change(self._seen, one)
        path = one.path.rpartition("\0")[2]
        folder = self._folders[self._paths[path.rpartition("/")[0]]]
        folder.unsynced.pending.append(one)


def _change(names: dict[str, int], one: Record) -> None:
    match one.kind:
        case "O":
            names[one.path] = one.inode
        case "U":
            names.pop(one.path, None)
        case _:
            old, _, new = one.path.partition("\0")
            if (inode := names.pop(old, None)) is not None:
                names[new] = inode


def _apply(content: bytearray, one: Record) -> None:
    if one.kind == "T":
        del content[one.offset :]
        content.extend(bytes(one.offset - len(content)))
        return
    content.extend(bytes(max(0, one.offset - len(content))))
    content[one.offset : one.offset + len(one.data)] = one.data


def _apply_in_part(content: bytearray, one: Record, random: Random) -> None:
    fate = random.random()
    if fate < 0.4:  # lost
        return
    if fate < 0.8 or one.kind == "T":
        _apply(content, one)
        return
    for at in _sectors(one):
        if random.random() < 0.5:
            piece = one.data[at - one.offset : at - one.offset + SECTOR]
            _apply(content, Record("W", one.inode, at, piece, one.end))


def _sectors(one: Record) -> Iterable[int]:
    return range(one.offset, one.offset + len(one.data), SECTOR)
