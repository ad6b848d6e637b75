"""What is to be pasted into each tool works when it is pasted."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from nonebot_plugin_report.cli.address import listed, shown
from nonebot_plugin_report.model.tools import TOOLS, Tool, find_tool, nearest_tool

TOKEN = "a&b c%字"
URL = "https://bot.example:8443/report"


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_every_address_carries_the_token_as_it_is(tool: Tool) -> None:
    values = [value for _, value in tool.filled(URL, TOKEN)]
    text = "\n".join(values)
    assert not re.search("<[a-z-]+>", text), "every mark is filled"
    urls = re.findall(r"(?:https|wss)://[^\s'\"]+", text)
    assert urls
    for url in urls:
        parts = urlsplit(url)
        assert parts.netloc == "bot.example:8443"
        assert parts.path.startswith(("/report", "/api/push/pc."))
        assert parse_qs(parts.query).get("token", [TOKEN]) == [TOKEN]
        assert url.isascii(), "it can be pasted"
    beside = TOKEN in values or f"token: {TOKEN}" in text
    assert beside or any("token=" in url or "/api/push/pc." in url for url in urls)


def test_tools_have_names_of_their_own_and_are_found_by_what_they_are_called() -> None:
    assert len({one.name for one in TOOLS}) == len(TOOLS)
    for one in TOOLS:
        assert find_tool(f" {one.name.upper()} ") is one
        assert one.name in listed()
    assert find_tool("三月七") is find_tool("march7th")
    assert find_tool("nothing") is None
    assert find_tool("") is None
    assert nearest_tool("alertmanger") == "alertmanager"
    assert nearest_tool("zzzzzz") == ""


def test_maas_body_is_json_whose_words_maa_fills_in() -> None:
    maa = find_tool("maa")
    assert maa
    body = dict(maa.filled(URL, TOKEN))["请求体"]
    assert json.loads(body) == {"title": "{title}", "content": "{content}"}


def test_it_is_printed_line_by_line() -> None:
    tool = find_tool("github")
    assert tool
    assert shown(tool, URL, TOKEN).splitlines() == [
        "GitHub：仓库的 Settings → Webhooks → Add webhook",
        f"  Payload URL：{URL}?source=github",
        "  Content type：application/json",
        f"  Secret：{TOKEN}",
        "GitHub 要能访问到这个地址：见 docs/host.md",
    ]
    alas = find_tool("alas")
    assert alas
    assert "  provider: gocqhttp" in shown(alas, URL, TOKEN).splitlines()
