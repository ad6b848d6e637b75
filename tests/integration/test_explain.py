"""`explain`: which rule takes a report, where it goes, in which words; nothing is sent."""

import json
import re
from pathlib import Path

import pytest

from .test_cli import command

RULES = [
    {"event": "notify.test", "drop": True},
    {"event": "*.error", "to": ["superusers", "group:777"], "urgent": True, "continue": True},
    {"result": "Fail", "to": "superusers", "fallback": "channel:phone", "fallback_after": "10m",
     "template": "{icon} 出错：{body}"},
]  # fmt: skip
TOKENS = {"alice": {"token": "s3cret-of-alice", "to": ["private:10002"]}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    channels = {"phone": {"type": "bark", "device_key": "s3cret-of-bark"}}
    lines = {
        "SUPERUSERS": ["10001"], "REPORT_RULES": RULES, "REPORT_TOKENS": TOKENS,
        "REPORT_CHANNELS": channels, "REPORT_TOKEN": "s3cret-master",
        "REPORT_QUIET": {"superusers": "23:00-08:00"},
    }  # fmt: skip
    env = "\n".join(f"{name}={json.dumps(value)}" for name, value in lines.items())
    (tmp_path / ".env").write_text(env, encoding="utf-8")
    return tmp_path


async def test_the_rules_the_targets_and_the_words_are_told(folder: Path) -> None:
    code, output = await command(
        folder, "explain", "event=task.error", "result=Fail", "message=卡住", "--at", "23:30"
    )
    assert (code, output) == (0, (
        "符合的规则：第 2、3 条\n"
        "\n"
        "→ private:10001\n"
        "  （紧急：不等免打扰，不合并）\n"
        "  （等了 10 分还没送达，或没能送达时改发给 channel:phone）\n"
        "  ❌ 出错：卡住\n"
        "\n"
        "→ group:777\n"
        "  （紧急：不等免打扰，不合并）\n"
        "  ❌ 任务错误\n"
        "  卡住\n"
    ))  # fmt: skip
    assert not list(folder.rglob("*.db")), "it stores nothing"


async def test_what_the_words_say_and_what_a_rule_makes_of_them_is_told(folder: Path) -> None:
    code, output = await command(
        folder, "explain", "title=任务出错: 公招", "message=理智: 3/135", "--at", "12:00"
    )
    assert code == 0
    assert output.startswith(
        "从文字看，结果是：❌ Fail\n从文字看，事件是：maa.error\n读出：理智 3/135\n"
        "符合的规则：第 2、3 条\n"
    )
    rules = [{"match": "翻车", "as": {"result": "Fail", "event": "maa.error"}}, *RULES]
    with (folder / ".env").open("a", encoding="utf-8") as file:
        file.write(f"\nREPORT_RULES={json.dumps(rules)}\n")
    _, output = await command(folder, "explain", "title=任务翻车了", "--at", "12:00")
    assert output.startswith("按第 1 条规则算作：❌ Fail，事件 maa.error\n符合的规则：第 3、4 条\n")
    assert "❌ 任务翻车了" in output


async def test_what_is_dropped_and_what_waits_is_told(folder: Path) -> None:
    code, output = await command(folder, "explain", "event=notify.test")
    assert (code, output) == (0, "符合的规则：第 1 条\n不发给任何人：规则 1 写着 drop\n")
    _, night = await command(folder, "explain", "message=x", "--at", "3:00")
    assert night == "没有符合的规则\n\n→ private:10001\n  （免打扰时段，08:00 再发）\n  x\n"
    _, several = await command(folder, "explain", "message=x", "to=10002、10003 10004")
    assert re.findall("→ (.*)", several) == ["private:10002", "private:10003", "private:10004"]
    code, nobody = await command(folder, "explain", "message=x", "to=我")
    assert code == 1
    assert "send_to：QQ 号应为数字" in nobody
    _, day = await command(folder, "explain", "message=x", "--at", "12:00")
    assert day == "没有符合的规则\n\n→ private:10001\n  x\n"


async def test_a_tokens_scope_counts(folder: Path) -> None:
    code, output = await command(folder, "explain", "event=task.error", "--token", "alice")
    assert (code, "→ private:10002" in output) == (0, True)
    code, output = await command(folder, "explain", "content=x", "to=10001", "--token", "alice")
    assert (code, output) == (1, "不会收下：这个令牌不能发给推送里写明的接收者\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["evnt=x"], "evnt：没有这个字段；可用的有 title、content"),
        (["event"], "event：应写成 字段=内容，例如 event=task.error"),
        (["event=x", "--token", "bob"], "没有这个名字的令牌；有的是：master、alice"),
        (["event=x", "--at", "25:00"], "时间应写成 23:00 的样子"),
        (["event=x", "channel=nope"], "channel：REPORT_CHANNELS 里没有这个名字的渠道"),
    ],
)
async def test_a_mistake_is_named(folder: Path, arguments: list[str], told: str) -> None:
    code, output = await command(folder, "explain", *arguments)
    assert code != 0
    assert told in output
    assert "s3cret" not in output


async def test_a_source_is_tried_out_with_what_stands_on_standard_input(folder: Path) -> None:
    sources = {"unifi": {"title": "alarm.name", "content": "alarm.msg", "screenshot": "picture",
                         "result": {"from": "severity", "1": "Fail"}}}  # fmt: skip
    with (folder / ".env").open("a", encoding="utf-8") as env:
        env.write(f"\nREPORT_SOURCES={json.dumps(sources)}\n")
    body = {"alarm": {"msg": "AP 掉线"}, "severity": 1, "picture": "!"}
    code, output = await command(
        folder, "explain", "--source", "unifi", "--at", "12:00", stdin=json.dumps(body).encode()
    )
    assert (code, output) == (0, (
        "来源 unifi：\n"
        "  title ← alarm.name：没有找到\n"
        "  content ← alarm.msg：AP 掉线\n"
        "  screenshot ← picture：!\n"
        "  result ← severity：Fail\n"
        "  得到 result：1\n"
        "  得到 content：AP 掉线\n"
        "  得到 screenshot：不是 base64 字符串\n"
        "\n"
        "符合的规则：第 3 条\n"
        "\n"
        "→ private:10001\n"
        "  （等了 10 分还没送达，或没能送达时改发给 channel:phone）\n"
        "  ❌ 出错：AP 掉线\n"
        "  [截图无法使用：不是 base64 字符串]\n"
    ))  # fmt: skip
    code, output = await command(folder, "explain")
    assert (code, "字段：没有写" in output) == (2, True)
    code, output = await command(folder, "explain", "--source", "unifi", "--last")
    assert (code, "连不上机器人" in output) == (1, True)
