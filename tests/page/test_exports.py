"""Exports are whole, or say what is not in them."""

import asyncio
import csv
import io
import re
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote
from zipfile import ZipFile

import httpx2
import pytest

from nonebot_plugin_report.sources.parse import MAX_TEXT
from nonebot_plugin_report.web.page.door import COOKIE
from nonebot_plugin_report.web.page.export import LEFT_OUT, STEP, TABLE
from tests.bot import TOKEN, Bot, running
from tests.integration.test_channels import encoded
from tests.senders.service import make_image

from .test_door import cookie_of, enter, visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")

Row = dict[str, str]
csv.field_size_limit(4 * MAX_TEXT)


def rows_of(table: bytes) -> list[Row]:
    heads, *rows = csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""))
    return [dict(zip(heads, row, strict=True)) for row in rows]


async def owner(bot: Bot) -> httpx2.AsyncClient:
    return visitor(bot, cookie_of(await enter(bot, token=TOKEN)))


async def export(bot: Bot, name: str, **wanted: str) -> httpx2.Response:
    async with await owner(bot) as client:
        answer = await client.get(f"/{name}", params=wanted)
    assert answer.status_code == 200, answer.text
    return answer


def change(bot: Bot, statement: str, *values: str) -> None:
    """Damage what is stored."""
    with closing(sqlite3.connect(bot.database)) as conn, conn:
        conn.execute(statement, values)


async def test_a_table_has_every_report_and_all_of_its_words(bot: Bot) -> None:
    count, long = 2 * STEP + 1, "长" * MAX_TEXT
    for number in range(count):
        await bot.push(title=f"第 {number} 条", content="x", event="many.end", result=number % 3)
    await bot.push(title="长的", content=long, message=f"m{long}"[:MAX_TEXT], event="many.end")
    answer = await export(bot, "reports.csv", event="many.end")
    rows = rows_of(answer.content)
    assert [row["标题"] for row in rows] == ["长的", *(f"第 {n} 条" for n in range(count)[::-1])]
    assert rows[0]["正文"].count("长") == 2 * MAX_TEXT - 1
    assert {row["结果"] for row in rows} == {"", "成功", "失败", "部分成功"}
    disposition = unquote(answer.headers["content-disposition"])
    assert re.search(r"filename\*=UTF-8''推送记录 \d{4}-\d\d-\d\d\.csv$", disposition)


async def test_a_zip_has_the_table_and_the_pictures(bot: Bot) -> None:
    shots = [make_image(64 + number, 36).data for number in range(2)]
    pushed = await bot.push(
        title="＝1+1", content="Größe，两行\n第二行", event="zip.end", send_to_group=777,
        screenshots=[encoded(shot) for shot in shots],
    )  # fmt: skip
    answer = await export(bot, "reports.zip", event="zip.end")
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        table, *pictures = archive.namelist()
        (row,) = rows_of(archive.read(table))
        assert [archive.read(name) for name in pictures] == shots
    assert table == TABLE
    assert all(
        re.fullmatch(rf"图片/[\d-]{{10}} [\d.]{{8}} ＝1\+1 {pushed['id']}-{number}\.jpg", name)
        for number, name in enumerate(pictures, 1)
    )
    assert (row["标题"], row["正文"]) == ("'＝1+1", "Größe，两行\n第二行")
    assert (row["图片"], row["ID"]) == ("2", pushed["id"])


async def test_what_is_no_longer_there_is_named_in_the_zip(bot: Bot) -> None:
    shots = [encoded(make_image(80 + number, 36).data) for number in range(2)]
    pushed = await bot.push(title="清理", content="x", event="gone.end", screenshots=shots)
    change(bot, "DELETE FROM image WHERE width = ?", "80")
    answer = await export(bot, "reports.zip", event="gone.end")
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert len(archive.namelist()) == 3
        text = archive.read(LEFT_OUT).decode("utf-8-sig")
    assert "有 1 张图片不在这里" in text
    assert f"{pushed['id']}-1：已经清理了" in text


async def test_a_report_that_cannot_be_read_has_a_row_with_what_was_sent(bot: Bot) -> None:
    pushed = await bot.push(title="坏的", content="还在", event="bad.end", send_to_group=777)
    good = await bot.push(title="好的", content="x", event="bad.end")
    change(bot, "UPDATE report SET fields = '{' WHERE id = ?", pushed["id"])
    newer, older = rows_of((await export(bot, "reports.csv", event="bad.end")).content)
    assert (newer["ID"], newer["备注"]) == (good["id"], "")
    assert "还在" in older["正文"]
    assert older["备注"].startswith("读不出")


async def read_all(connection: socket.socket) -> bytes:
    loop, content = asyncio.get_running_loop(), bytearray()
    while piece := await loop.sock_recv(connection, 2**20):
        content += piece
    return bytes(content)


def begin(bot: Bot, cookie: str, name: str) -> socket.socket:
    """Ask for an export, and read none of it yet."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**14)
    connection.connect(("127.0.0.1", bot.port))
    connection.setblocking(False)
    head = f"GET /report/page/{name} HTTP/1.1\r\nHost: 127.0.0.1:{bot.port}\r\nConnection: close"
    cookie = f"{COOKIE}_{bot.port}={cookie}"
    connection.send(f"{head}\r\nCookie: {cookie}\r\n\r\n".encode())
    return connection


async def test_a_history_that_cannot_be_read_any_more_breaks_the_export_off(tmp_path: Path) -> None:
    words = "长" * MAX_TEXT
    async with running(tmp_path) as bot:
        for number in range(3 * STEP):
            await bot.push(content=words, message=f"{number} {words}"[:MAX_TEXT])
        cookie = cookie_of(await enter(bot, token=TOKEN))
        with closing(begin(bot, cookie, "reports.csv")) as connection:
            await asyncio.get_running_loop().sock_recv(connection, 100)
            async with visitor(bot, cookie) as client:
                assert (await client.get("/reports.zip")).status_code == 503, "one at a time"
                change(bot, "DROP TABLE delivery")
                content = await read_all(connection)
                assert not content.endswith(b"0\r\n\r\n")
                assert "到这里为止" in content[-2000:].decode(errors="replace")
                for name in ("reports.csv", "reports.zip"):
                    answer = await client.get(f"/{name}")
                    assert answer.status_code == 503, name
                    assert "读不了历史记录" in answer.json()["error"]
        assert "导出中断了" in bot.log
        assert "Traceback" not in bot.log
