"""The command `move`: moves all that is stored to another database."""

import asyncio
import sys
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ..config import Config, explain
from ..errors import ConfigError, NotDone, StoreUnavailable
from ..store.moving import move

_BAR: Final = 20
"""Characters of the progress bar."""


def run_move(source: str, target: str) -> int:
    """Move, with a progress bar.

    Raises:
        ConfigError: an address is wrong.
        NotDone: the data could not be moved.
    """
    bar = _Bar()
    try:
        moved = asyncio.run(move(_place(source), _place(target), bar.show))
    except StoreUnavailable as error:
        bar.end()
        raise NotDone(error.detail) from None
    except KeyboardInterrupt:
        bar.end()
        print("停下了；同样的命令再运行一次，会接着搬")
        raise
    bar.end()
    print(
        f"✅ 搬完了，逐条核对过：{moved.reports} 条推送（{moved.waiting} 条等待送出），"
        f"{moved.pictures} 张图片"
    )
    if moved.unreadable:
        print(f"⚠️  {moved.unreadable} 条记录在原来那里已经损坏，无法读取，没有搬")
    written = target if isinstance(_place(target), Path) else "上面的第二个地址"
    print(f"\n在 .env 里写（每个机器人都要）：\n\nREPORT_DATABASE_URL={written}\n")
    print("再启动机器人。原来的数据库没有删，别再让机器人用它：等着的推送会发两次")
    return 0


def _place(address: str) -> Path | str:
    try:
        place = Config.model_validate({"report_database_url": address}).database
    except ValidationError as error:
        fault = str(explain(error)).removeprefix("REPORT_DATABASE_URL ")
        raise ConfigError(f"数据库的地址{fault}") from None
    assert place is not None  # noqa: S101 - for the type checker: it was given
    return place


class _Bar:
    """A progress bar in the last line of the terminal; elsewhere a line for each tenth."""

    def __init__(self) -> None:
        self._shown = ""
        self._terminal = sys.stdout.isatty()

    def show(self, what: str, done: int, whole: int) -> None:
        """Show how much of a step, named by `what`, is done."""
        percent = 100 * done // whole if whole else 100
        steps = _BAR if self._terminal else _BAR // 2
        bar = "█" * (percent * steps // 100)
        line = f"{what} {bar:░<{steps}} {percent:3}%"
        if self._terminal:
            line += f"  {done}/{whole}"
        elif self._shown.rpartition(" ")[0] == line.rpartition(" ")[0]:
            return
        if line != self._shown:
            print(f"\r{line}" if self._terminal else line, end="" if self._terminal else "\n")
            sys.stdout.flush()
            self._shown = line

    def end(self) -> None:
        """Go to the next line."""
        if self._terminal and self._shown:
            print()
