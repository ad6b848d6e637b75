"""What is to be pasted into each tool works when it is pasted."""

import json
import re
from datetime import datetime
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from nonebot_plugin_report.cli.address import describe_tool, list_tools
from nonebot_plugin_report.doctor.tools import (
    BOTS,
    EVERY,
    TOOLS,
    Tool,
    find_tool,
    is_said,
    nearest_tool,
)
from nonebot_plugin_report.sources.catalogue import SOURCES, built_in
from nonebot_plugin_report.sources.reader import Context, read

TOKEN = "a&b c%字"
URL = "https://bot.example:8443/report"


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_every_address_carries_the_token_as_it_is(tool: Tool) -> None:
    values = [value for _, value in tool.filled(URL, TOKEN)]
    text = "\n".join(values)
    assert not re.search("<[a-z-]+>", text), "every mark is filled"
    urls = re.findall(r"(?:https|wss|jsons|forms|apprises)://[^\s'\"]+", text)
    assert urls
    for url in urls:
        parts = urlsplit(url)
        assert parts.netloc == "bot.example:8443"
        assert parts.path.startswith(("/report", "/api/push/pc."))
        name = "-token" if parts.scheme in ("jsons", "forms") else "token"  # as Apprise has it
        assert parse_qs(parts.query).get(name, [TOKEN]) == [TOKEN]
        assert url.isascii(), "it can be pasted"
    beside = TOKEN in values or f"token: {TOKEN}" in text
    assert beside or any(quote(TOKEN, safe="") in url for url in urls)


def test_what_only_tells_what_to_write_is_known_from_what_is_to_be_copied() -> None:
    said = {value for tool in TOOLS for _, value in tool.fields if is_said(value)}
    assert said == {
        "留空，或 QQ 号", "你的 QQ 号", "群号", "留空", "预设 - application/json",
        "随便一个名字，会当成事件名", "随便写，不检查",
        "勾上", "user_id=你的 QQ 号",
    }  # fmt: skip


def test_tools_have_names_of_their_own_and_are_found_by_what_they_are_called() -> None:
    assert len({one.name for one in EVERY}) == len(EVERY)
    for one in EVERY:
        assert find_tool(f" {one.name.upper()} ") is one
        assert f"{one.name} " in list_tools()
    rows = zip(list_tools().splitlines(), EVERY, strict=True)
    assert len({line.rindex(one.label) for line, one in rows}) == 1, "they stand in a column"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("三月七", "march7th"), ("三月七小助手", "march7th"), ("Radarr", "sonarr"),
        ("青龙", "qinglong"), ("短信转发器", "smsforwarder"), ("NapCat", "napcat"),
        ("LLOneBot", "llbot"), ("StarRailCopilot", "alas"),
    ],
)  # fmt: skip
def test_a_tool_is_found_by_the_words_of_its_label(written: str, name: str) -> None:
    tool = find_tool(written)
    assert tool
    assert tool.name == name


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("alertmanger", "alertmanager"), ("napcatt", "napcat"), ("webhook", ""), ("jelly", ""),
        ("zzzzzz", ""), ("", ""), ("酱", ""), ("http", ""), ("Home Assistent", "homeassistant"),
    ],
)  # fmt: skip
def test_what_is_no_tools_name_is_not_looked_for_within_others(written: str, meant: str) -> None:
    assert find_tool(written) is None
    if meant:
        assert nearest_tool(written) == meant


def test_a_program_that_brings_qq_gets_the_address_of_the_websocket() -> None:
    for tool in BOTS:
        fields = dict(tool.filled(URL, TOKEN))
        assert fields["URL"] == "wss://bot.example:8443/onebot/v11/ws"
        assert TOKEN not in str(fields)
        assert "ONEBOT_ACCESS_TOKEN" in fields["Token"]


def test_every_source_is_some_tools_and_every_tools_source_is_one() -> None:
    named = {found[0] for one in TOOLS if one.source and (found := built_in(one.source))}
    assert all(built_in(one.source) for one in TOOLS if one.source)
    # One line of the table serves both.
    assert named | {"starrailcopilot"} == SOURCES.keys()
    assert all(bool(one.source) == bool(one.shows) for one in TOOLS)


@pytest.mark.parametrize("name", ["maa", "onedragon-webhook", "auto-mas"])
def test_what_a_tools_template_becomes_is_read(name: str) -> None:
    tool = find_tool(name)
    assert tool
    template = next(one for _, one in tool.filled(URL, TOKEN) if one.startswith("{"))
    filled = {
        "{title}": "任务", "$title": "任务", "{content}": "完成", "$content": "完成", "$image": "",
        "{time}": "2026-11-24 20:39:00", "$iso_timestamp": "2026-11-24T20:39:00.123456",
    }  # fmt: skip
    for mark, text in filled.items():
        template = template.replace(mark, text)
    told = read(json.loads(template), Context({}, {}, {}), {}).report
    assert (told.title, told.content, told.image_fault) == ("任务", "完成", "")
    assert isinstance(told.timestamp, datetime) == (name != "auto-mas")


def test_maas_headers_stay_empty() -> None:
    """.NET sends nothing where a Content-Type stands among the headers of a request."""
    maa = find_tool("maa")
    assert maa
    assert dict(maa.fields)["请求头"] == "留空"


def test_it_is_printed_line_by_line() -> None:
    tool = find_tool("github")
    assert tool
    assert describe_tool(tool, URL, TOKEN).splitlines() == [
        "GitHub、Gitea、Forgejo、Gogs：仓库的 Settings → Webhooks → Add webhook",
        f"  Payload URL：{URL}?source=github",
        "  Content type：application/json",
        f"  Secret：{TOKEN}",
        "GitHub 要能访问到这个地址：见 docs/host.md",
    ]
    alas = find_tool("alas")
    assert alas
    assert "  provider: gocqhttp" in describe_tool(alas, URL, TOKEN).splitlines()
