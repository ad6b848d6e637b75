"""A log whose reader takes nothing holds nobody up, and says later what is missing."""

import os
from collections.abc import Iterator
from io import FileIO

import pytest

from nonebot_plugin_report.cli.log import LEFT_OUT, MAX_WAITING, LogWriter

LINE = "一行日志" * 25 + "\n"
FULL = MAX_WAITING // len(LINE)
"""Lines that may wait."""


@pytest.fixture
def pipe() -> Iterator[tuple[FileIO, FileIO]]:
    reader, writer = os.pipe()
    with FileIO(reader) as read, FileIO(writer, "w") as write:
        yield read, write


def test_nobody_waits_for_a_pipe_that_nobody_reads(pipe: tuple[FileIO, FileIO]) -> None:
    reader, raw = pipe
    writer = LogWriter(raw, "utf-8", is_terminal=False)
    for _ in range(2 * FULL):
        writer.write(LINE)
    writer.close(0.0)  # nor does the end
    missing = 2 * FULL - FULL
    expected = (LINE * FULL + LEFT_OUT.format(missing)).encode()
    read = b""
    while len(read) < len(expected):
        read += reader.read(2**20)
    assert read == expected
    writer.write("again\n")
    writer.close(30.0)
    assert reader.read(100) == b"again\n"


def test_a_reader_that_is_gone_is_no_fault(pipe: tuple[FileIO, FileIO]) -> None:
    reader, raw = pipe
    writer = LogWriter(raw, "utf-8", is_terminal=False)
    reader.close()
    for _ in range(2 * FULL):
        writer.write(LINE)
    writer.close(30.0)


def test_what_the_encoding_has_not_is_replaced(pipe: tuple[FileIO, FileIO]) -> None:
    reader, raw = pipe
    writer = LogWriter(raw, "gbk", is_terminal=False)
    writer.write("送达 ✅\n")
    writer.close(30.0)
    assert reader.read(100).decode("gbk") == "送达 ?\n"
