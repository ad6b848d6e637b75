"""The power goes: a bot under load is recorded, and the disk rebuilt as it may be at any moment."""

import asyncio
import json
import shutil
import sqlite3
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from nonebot_plugin_report.store import Store
from tests.bot import TOKEN, Bot
from tests.onebot import ScriptedV11

from .disk import Disk
from .shim import Shim

PUSHERS = 3
STARTS = 2
QUIET = 0.12
"""Seconds of rest."""


@dataclass(slots=True)
class Cuts:
    """What was found after power cuts."""

    points: int = 0
    answered: int = 0
    """Pushes that were answered 200 in all."""
    lost: list[str] = field(default_factory=list[str])
    """What was answered before a cut and is not there after it, or not whole."""
    damaged: list[str] = field(default_factory=list[str])
    """Stores that did not open, or whose tables are not sound."""
    copied_pages: int = 0
    """How many pages were copied from the log into the database."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """A push that was answered 200."""

    id: str
    at: int
    """How long the record of operations was then."""
    picture: bytes
    """Empty: it has none."""


async def cut_the_power(
    folder: Path, *, pushes: int, points: int, seed: int, extra: str = ""
) -> Cuts:
    """Record a bot under load, and look at what is left after cuts at random moments; `extra` is
    code that it runs first."""
    data, beside = folder / "data", folder / "beside"
    data.mkdir()
    beside.mkdir()
    shim = Shim(data, beside)
    answered = await _load(folder, shim, pushes, extra)
    random = Random(seed)
    cuts = Cuts(answered=len(answered))
    moments = sorted(random.randrange(shim.position()) for _ in range(points))
    disk, database = Disk(data), 0
    for record in shim.records():
        if record.kind == "O" and record.path.endswith(".db"):
            database = record.inode
        while moments and record.end > moments[0]:
            await _look(disk, folder / "after", moments.pop(0), answered, cuts, random)
        disk.do(record)
        cuts.copied_pages += record.kind == "W" and record.inode == database
    return cuts


async def _load(folder: Path, shim: Shim, pushes: int, extra: str) -> list[_Answered]:
    bot = Bot(
        folder, {"report_database_url": "sqlite:///data/report.db"}, extra,
        environment=shim.environment,
    )  # fmt: skip
    answered: list[_Answered] = []
    for _ in range(STARTS):
        await bot.start()
        async with ScriptedV11(url=bot.onebot_v11), asyncio.TaskGroup() as tasks:
            for pusher in range(PUSHERS):
                tasks.create_task(_push(bot, shim, pusher, pushes // PUSHERS // STARTS, answered))
        await bot.end()
    return answered


async def _push(bot: Bot, shim: Shim, pusher: int, count: int, answered: list[_Answered]) -> None:
    random = Random(pusher)
    async with bot.client(None) as client:
        for number in range(count):
            fields: dict[str, object] = {"content": "长" * 1000, "send_to": 10001 + pusher}
            picture = _bitmap(random) if number % 4 == 0 else b""
            if picture:
                fields["screenshot"] = b64encode(picture).decode()
            answer = await client.post("", params={"token": TOKEN}, content=json.dumps(fields))
            assert answer.status_code == 200, answer.text
            answered.append(_Answered(answer.json()["id"], shim.position(), picture))
            if number % 40 == 39:
                await asyncio.sleep(QUIET)


def _bitmap(random: Random) -> bytes:
    """A picture of some KB like no other: a BMP of 64 times 64 points of noise."""
    size = 64 * 64 * 3
    head = b"BM" + (54 + size).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    form = (40).to_bytes(4, "little") + (64).to_bytes(4, "little") * 2
    return head + form + b"\1\0\x18\0" + bytes(24) + random.randbytes(size)


async def _look(
    disk: Disk, after: Path, moment: int, answered: list[_Answered], cuts: Cuts, random: Random
) -> None:
    shutil.rmtree(after, ignore_errors=True)
    after.mkdir()
    disk.cut(after, random)
    cuts.points += 1
    database = after / "report.db"
    try:
        store = Store(database)
        await store.open()
        await store.close()
        with sqlite3.connect(database) as opened:
            (sound,) = opened.execute("PRAGMA integrity_check").fetchone()
            rows = {one for (one,) in opened.execute("SELECT id FROM report")}
            pictures = dict(opened.execute("SELECT report_id, bytes FROM image"))
            waiting = {one for (one,) in opened.execute("SELECT report_id FROM delivery")}
    except Exception as error:  # noqa: BLE001 - whatever it is: after a power cut it must open
        cuts.damaged.append(f"{moment}: {error!r}")
        return
    if sound != "ok":
        cuts.damaged.append(f"{moment}: {sound}")
    for one in answered:
        if one.at > moment:
            continue
        if one.id not in rows or one.id not in waiting:
            cuts.lost.append(f"{moment}: {one.id}")
        elif one.picture and pictures.get(one.id) != one.picture:
            cuts.lost.append(f"{moment}: the picture of {one.id}")
