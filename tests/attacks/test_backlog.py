"""Large pictures to many, while QQ takes its time: what is on its way has its room, and no more."""

import base64
import random
import struct
import zlib
from pathlib import Path

from tests.attacks.measure import MEMORY, least_cost
from tests.bot import running
from tests.onebot import Hold, ScriptedV11

SIZE = 5 * 2**20
MAX_BODY = 8 * 2**20


def heavy_picture(number: int) -> str:
    """A small PNG in width and height, with so many bytes in a chunk of its own; as base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\0\0\0\0" * 4)
    ballast = random.Random(number).randbytes(SIZE)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"prVt", ballast))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")).decode()


async def test_large_pictures_to_many_while_qq_is_slow(tmp_path: Path) -> None:
    pictures = [heavy_picture(number) for number in range(3)]
    users = list(range(20001, 20021))
    async with running(tmp_path) as bot, ScriptedV11(url=bot.onebot_v11) as qq:
        qq.default = Hold()
        await bot.push(content="first", send_to=10001)
        await qq.wait_for(1)

        async def push() -> None:
            for picture in pictures * 3:
                await bot.push(content="x", send_to=users, screenshot=picture)

        cost = await least_cost(bot, push)
        assert cost.memory <= MEMORY + MAX_BODY
