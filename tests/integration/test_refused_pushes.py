"""Pushes that were refused are seen by their owner: in the chat, on the page, by the doctor."""

from pathlib import Path

from tests.bot import TOKEN, Bot, running
from tests.integration.test_commands import ask
from tests.onebot import ScriptedV11

OWNER, FRIEND = "10001", "10002"
SECRET = "friend-token-0123456789"
SETTINGS = {
    "report_tokens": {"friend": {"token": SECRET, "to": [f"private:{FRIEND}"]}},
    "log_level": "INFO",
}


async def push(bot: Bot, path: str, token: str, content: bytes) -> int:
    """Push from a client with a name; the status."""
    headers = {"User-Agent": f"Tool/1.0 {token}", "Content-Type": "application/json"}
    async with bot.client(token) as client:
        return (await client.post(path, content=content, headers=headers)).status_code


async def test_a_push_that_cannot_be_read_is_told_once_and_seen_everywhere(tmp_path: Path) -> None:
    async with (
        running(tmp_path, settings=SETTINGS) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        assert await push(bot, "", TOKEN, b'{"send_to": "no number", "content": "secret"}') == 422
        assert await push(bot, "/gotify/message", TOKEN, b'{"title": "secret"}') == 422
        assert await push(bot, "/bark/push", "wrong", b'{"body": "secret"}') == 403
        told = await qq.wait_for_refusal()
        assert told.target == f"private:{OWNER}"
        assert "没有收下" in told.text
        assert "Tool/1.0" in told.text
        assert "send_to" in told.text

        status = await ask(qq, OWNER, "/推送 状态")
        lines = [line for line in status.splitlines() if line.startswith("📪")]
        assert len(lines) == 3
        assert ["令牌" in lines[0], "message" in lines[1], "send_to" in lines[2]] == [True] * 3
        async with bot.client() as client:
            health = (await client.get("/health?detail")).json()
        assert [one["token"] for one in health["refusals"]] == [None, "master", "master"]
        findings = [one for one in health["findings"] if "Tool/1.0" in one["text"]]
        assert len(findings) == 3
        assert all(one["advice"] for one in findings)
        seen = status + str(health) + told.text
        assert not [one for one in (TOKEN, SECRET, "secret") if one in seen]
        assert len(qq.refusals) == 1, "once an hour"


async def test_the_page_shows_the_owner_the_last_refused_pushes(tmp_path: Path) -> None:
    async with running(tmp_path, settings=SETTINGS) as bot, bot.client(None) as client:
        assert await push(bot, "", SECRET, b"{}") == 422
        base = f"http://127.0.0.1:{bot.port}"
        for token, lines in ((TOKEN, 1), (SECRET, None)):
            entered = await client.post(
                "/page/session", json={"token": token}, headers={"Origin": base}
            )
            assert entered.status_code == 200
            state = (await client.get("/page/state")).json()
            refusals = state.get("refusals")
            assert (None if refusals is None else len(refusals)) == lines
