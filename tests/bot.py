"""A real NoneBot process with the plugin, for the tests."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.ports import free_port

TOKEN = "t0ken-of-the-tests"
SCRIPT = """
import nonebot
nonebot.init()
from nonebot.adapters.onebot import v11, v12
nonebot.get_driver().register_adapter(v11.Adapter)
nonebot.get_driver().register_adapter(v12.Adapter)
{extra}
nonebot.require("nonebot_plugin_report")
nonebot.run()
"""


@dataclass
class Bot:
    """One bot in a folder of its own; may be killed and started again there."""

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    extra: str = ""
    """Code of the user's own, run before the plugin is loaded."""
    before: Callable[[], None] | None = None
    """Runs in the child before Python does."""
    environment: dict[str, str] = field(default_factory=dict[str, str])
    """Variables of the child's environment."""
    is_ready_bot: bool = False
    """It is the one that the command `run` starts."""
    patience: float = 120.0
    """Seconds that its start may take."""
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/report"

    @property
    def onebot_v11(self) -> str:
        return f"ws://127.0.0.1:{self.port}/onebot/v11/ws"

    @property
    def onebot_v12(self) -> str:
        return f"ws://127.0.0.1:{self.port}/onebot/v12/ws"

    @property
    def database(self) -> Path:
        return self.folder / "report.db"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def client(self, token: str | None = TOKEN) -> httpx2.AsyncClient:
        """A client of this bot's routes, with the token in a header."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=30.0, trust_env=False)

    async def push(self, *, expect: int = 200, **fields: Any) -> dict[str, Any]:
        """Push fields as JSON, with the token in the URL as BetterGI must."""
        async with self.client(None) as client:
            answer = await client.post("", params={"token": TOKEN}, json=fields)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def state(self, report_id: str) -> list[dict[str, Any]]:
        """The deliveries of a report."""
        async with self.client() as client:
            answer = await client.get(f"/{report_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()["deliveries"]

    async def health(self) -> dict[str, Any]:
        async with self.client() as client:
            return (await client.get("/health")).json()

    async def until_state(self, report_id: str, state: str) -> list[dict[str, Any]]:
        """Wait until every delivery of a report is in a state."""

        async def there() -> list[dict[str, Any]] | None:
            deliveries = await self.state(report_id)
            return deliveries if all(one["state"] == state for one in deliveries) else None

        return await until(there)

    async def start(self) -> None:
        """Start, and wait until it answers."""
        await self.launch()
        assert self.process is not None

        # One client for all looks: to make one costs more than the bot's start may have to spare.
        async with self.client(None) as client:

            async def answers() -> bool:
                assert self.process is not None
                assert self.process.returncode is None, self.log
                try:
                    await client.get("/health")
                except httpx2.TransportError:
                    return False
                return True

            await until(answers, self.patience)

    async def launch(self) -> None:
        """Start, without waiting."""
        defaults = {
            "host": "127.0.0.1", "port": self.port, "driver": "~fastapi", "superusers": ["10001"],
            "report_token": TOKEN, "report_send_interval": 0, "log_level": "DEBUG",
            "report_database_url": "sqlite:///report.db",
        }  # fmt: skip
        lines = {**defaults, **self.settings}
        env = "\n".join(f"{name.upper()}={_dotenv(value)}" for name, value in lines.items())
        (self.folder / ".env").write_text(env, encoding="utf-8")
        (self.folder / "bot.py").write_text(SCRIPT.format(extra=self.extra), encoding="utf-8")
        program = ("-m", "nonebot_plugin_report", "run") if self.is_ready_bot else ("bot.py",)
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-X", "utf8", *program, cwd=self.folder, stdout=log, stderr=log,
                preexec_fn=self.before,
                env={**os.environ, "PYTHONWARNINGS": "default", **self.environment},
            )  # fmt: skip

    async def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it, and wait until it is gone."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(how)
        return await asyncio.wait_for(self.process.wait(), 30)


def _dotenv(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@asynccontextmanager
async def running(folder: Path, **options: Any) -> AsyncGenerator[Bot]:
    """A bot that answers; killed at the end if it still runs."""
    folder.mkdir(exist_ok=True)
    bot = Bot(folder, **options)
    try:
        await bot.start()
        yield bot
    finally:
        await bot.end(signal.SIGTERM if "COVERAGE_PROCESS_CONFIG" in os.environ else signal.SIGKILL)


async def until(look: Callable[[], Any], timeout: float = 30.0) -> Any:
    """Look again and again until there is something; the answer is what was found."""
    async with asyncio.timeout(timeout):
        while not (found := await look()):
            await asyncio.sleep(0.01)
        return found
