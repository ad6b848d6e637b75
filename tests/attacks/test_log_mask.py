"""Tokens in mistyped addresses, which the web server writes to its log."""

import socket
from pathlib import Path
from urllib.parse import quote

from nonebot_plugin_report.web.log_mask import MAX_SHOWN, TokenMask
from tests.attacks.measure import STANDSTILL, least_cost
from tests.bot import TOKEN, running, until
from tests.integration.test_commands import bound_token
from tests.onebot import ScriptedV11

ODD = "令牌+a/b=c"
ENCODED = "".join(f"%{ord(one):02x}" for one in TOKEN)


def mistyped(token: str) -> list[str]:
    """Addresses with a token at a wrong place."""
    return [
        f"/report?a=1&amp;token={token}", f"/report?a?token={token}", f"/report;token={token}",
        f"/report?access_token={token}", f"/report/token={token}", f"/report/{token}",
        f"/report{token}", f"/report?tokne={token}&x=1", f"/report?{token}", f"/{token}/report",
        f"/report?x={quote(token, safe='')}", f"/report?x={quote(quote(token, safe=''))}",
        f"/report?token%3D{token}", f"/report?%74oken={token}", f"/report?Token={token}",
        "/report?" + "a" * (MAX_SHOWN - 20) + f"&x={token}",
    ]  # fmt: skip


async def test_a_known_token_stands_nowhere_in_the_log(tmp_path: Path) -> None:
    settings = {
        "report_tokens": {"odd": {"token": ODD, "to": ["private:10002"]}},
        "report_bind": ["friends"],
        "log_level": "INFO",
    }
    async with (
        running(tmp_path, settings=settings) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
    ):
        bound = await bound_token(qq)
        before = len(bot.log)
        asked = 0
        for token in (TOKEN, ENCODED, bound, quote(ODD), quote(ODD, safe="/+=")):
            for path in mistyped(token):
                with socket.create_connection(("127.0.0.1", bot.port)) as connection:
                    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                    connection.sendall(request.encode())
                    assert connection.recv(100).startswith(b"HTTP/1.1 ")
                asked += 1

        async def logged() -> bool:
            return bot.log[before:].count("HTTP/1.1") >= asked

        await until(logged)
        lines = bot.log[before:].splitlines()
        for token in (TOKEN, ENCODED, bound, ODD, quote(ODD), quote(ODD, safe="/+=")):
            assert not [line for line in lines if token in line]
        half = [line for line in lines if TOKEN[:8] in line or bound[:8] in line]
        assert not half

        async def attack() -> None:
            for filling in ("a&", "%2525", "token=", "a" * 24 + "."):
                path = "/report/x?" + filling * (60_000 // len(filling))
                with socket.create_connection(("127.0.0.1", bot.port)) as connection:
                    connection.sendall(
                        f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
                    )
                    assert connection.recv(100).startswith(b"HTTP/1.1 ")

        assert (await least_cost(bot, attack)).waited <= STANDSTILL


def test_an_ordinary_line_stays_as_it_is() -> None:
    mask = TokenMask("/report", ["secret"], lambda _: False)
    for url in ("/report?send_to=1%2C2", "/report/0192f0c8-aaaa-7bbb-8ccc-1234567890ab", "/docs"):
        assert mask.mask(url) == url
    assert mask.mask("/report?token=x&send_to=1") == "/report?token=***&send_to=1"


def test_a_long_address_is_cut_and_leaves_no_part_of_a_token() -> None:
    for token in ("long/" * 300, "令牌/" * 100):
        mask = TokenMask("/report", [token], lambda _: False)
        for written in (token, quote(token), quote(token, safe="")):
            for before in (0, MAX_SHOWN // 2, MAX_SHOWN - 10):
                masked = mask.mask(f"/report?{'a' * before}&x={written}&y=" + "z" * 60_000)
                assert len(masked) <= MAX_SHOWN + 1
                assert "long" not in masked
                assert "%E4" not in masked
