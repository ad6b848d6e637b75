"""What is shown where one waits."""

import io
import sys

import pytest

from nonebot_plugin_report.cli.progress import Progress
from tests.bot import until


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def test_a_terminal_shows_what_is_waited_for_and_a_file_only_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    with Progress(["a", "b"]) as progress:
        progress.done("a", "✅ a")

        async def waits() -> bool:
            return "1/2，还在等 b" in terminal.getvalue()

        await until(waits)
        progress.done("b", "✅ b")
    last = terminal.getvalue().rpartition("\r")[2]
    assert last == "", "the line is gone in the end"
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout", file)
    with Progress(["a", "b"]) as progress:
        progress.done("b", "✅ b")
    assert file.getvalue() == "✅ b\n"
