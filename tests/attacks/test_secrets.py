"""What the command line prints is pasted into chats and kept in logs: no secret is in it."""

import asyncio
import os
import pty
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.bot import until
from tests.integration.test_cli import command
from tests.ports import free_port

TOKEN = "the-masters-own-token"
ACCESS = "the-access-token-of-onebot"
KEY = "the-key-of-a-channel"


def token_of(folder: Path) -> str:
    """The token that the ready bot made up."""
    (file,) = folder.rglob("token")
    return file.read_text()


@asynccontextmanager
async def ready_bot(folder: Path, env: str, stdout: int | None = None) -> AsyncGenerator[Path]:
    """The ready bot in a folder; the file that it writes to."""
    (folder / ".env").write_text(env)
    log = folder / "log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-X", "utf8", "-u", "-m", "nonebot_plugin_report", cwd=folder,
            stdout=file if stdout is None else stdout, stderr=file,
        )  # fmt: skip
    try:
        yield log
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def until_it_runs(log: Path) -> str:
    async def runs() -> bool:
        return "Uvicorn running" in log.read_text("utf-8")

    await until(runs)
    return log.read_text("utf-8")


async def test_neither_a_log_nor_the_doctor_has_the_token_that_was_made_up(tmp_path: Path) -> None:
    async with ready_bot(tmp_path, f'PORT={free_port()}\nSUPERUSERS=["10001"]\n') as log:
        written = await until_it_runs(log)
        _, said = await command(tmp_path, "doctor")
    token = token_of(tmp_path)
    for text in (written, said):
        assert token not in text
        assert f"文件 {next(tmp_path.rglob('token'))} 里" in text
    assert "/report?token=…\n" in written


async def test_at_debug_no_secret_of_the_settings_is_in_the_log(tmp_path: Path) -> None:
    env = (
        f"PORT={free_port()}\nLOG_LEVEL=DEBUG\nREPORT_TOKEN={TOKEN}\nONEBOT_ACCESS_TOKEN={ACCESS}\n"
        f'REPORT_CHANNELS={{"phone": {{"type": "bark", "device_key": "{KEY}"}}}}\n'
    )
    async with ready_bot(tmp_path, env) as log:
        written = await until_it_runs(log)
    assert ".env 的 REPORT_TOKEN" in written
    assert not [secret for secret in (TOKEN, ACCESS, KEY) if secret in written]


async def test_on_a_terminal_the_address_is_whole(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        async with ready_bot(tmp_path, f"PORT={free_port()}\n", stdout=theirs):
            shown = b""

            async def address() -> bool:
                nonlocal shown
                shown += await asyncio.to_thread(os.read, ours, 4096)
                return b"?token=" in shown.rpartition(b"\n")[0]

            await until(address)
        assert f"?token={token_of(tmp_path)}".encode() in shown
    finally:
        os.close(ours)
        os.close(theirs)


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent, as a proxy's page of errors does."""

    def do_GET(self) -> None:
        said = f"\x1b[31m{self.headers}{self.path}".encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET  # noqa: N815 - http.server names it

    def log_message(self, format: str, *args: object) -> None: ...


async def test_no_command_tells_a_token(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / ".env").write_text(
        f"PORT={port}\nREPORT_TOKEN={TOKEN}\n"
        f'REPORT_CHANNELS={{"a": {{"type": "bot", "adapter": "Kritor"}}}}\n'
    )
    server = ThreadingHTTPServer(("127.0.0.1", port), Echo)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        for arguments in (
            ("push", "x"),
            ("push", "x", "--token", KEY),
            ("push", "x", "--token", f"{KEY}\n密"),
            ("push", "x", "--url", f"http://127.0.0.1:port/report?token={KEY}"),
            ("push", "x", "--url", f"/report?token={KEY}"),
            ("explain", "event=x", "--token", TOKEN),
            ("explain", f"token={TOKEN}"),
            ("explain", f"http://127.0.0.1/report?token={TOKEN}"),
            ("doctor",),
            ("test", "a"),
            ("channels", "bark"),
        ):
            _, output = await command(tmp_path, *arguments)
            assert output
            assert TOKEN not in output, arguments
            assert KEY not in output, arguments
            assert "\x1b" not in output, arguments
            assert "Traceback" not in output, arguments
    finally:
        server.shutdown()
        server.server_close()
