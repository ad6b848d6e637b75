"""Patterns of rules and watches take no longer than a text is long, whoever wrote the text."""

import json
from pathlib import Path

import pytest

from nonebot_plugin_report.model.patterns import Globs
from nonebot_plugin_report.sources.parse import MAX_LENGTHS
from tests.attacks.measure import MEMORY, STANDSTILL, least_cost, least_seconds
from tests.bot import running

ORDINARY = "五星.*圣遗物.*毕业"
"""Python's own engine took 6.6 s for it."""
NESTED = "(五|五星)*(圣+遗+)+毕业"
REPEATED = "五.{200}毕业"
WATCHED = "*a*a*a*a*a*a*a*a*b"
HOSTILE = ("五星" * 5_000, "五星圣遗物" * 2_000, "五" * 10_000, "五星" + "圣遗物" * 3_300)


async def test_no_text_holds_others_up_by_a_rules_pattern(tmp_path: Path) -> None:
    rules = [{"match": one, "to": "group:777"} for one in (ORDINARY, NESTED, REPEATED)]
    watch = [{"after": WATCHED, "within": "1h"}, {"after": "*.start", "expect": WATCHED,
                                                  "within": "1h"}]  # fmt: skip
    settings = {"report_rules": [*rules, {"event": WATCHED, "drop": True}], "report_watch": watch}
    async with running(tmp_path, settings=settings) as bot:

        async def attack() -> None:
            for text in HOSTILE:
                answer = await bot.push(content=text, event="a" * MAX_LENGTHS["event"])
                assert answer["deliveries"] == [{"target": "private:10001"}]

        cost = await least_cost(bot, attack)
        assert cost.waited < STANDSTILL
        assert cost.memory < MEMORY
        found = await bot.push(content="获得五星的圣遗物：" + "毕业" * 4_000)
        assert found["deliveries"] == [{"target": "group:777"}]


@pytest.mark.parametrize("glob", [WATCHED, "*a" * 60 + "*b", "?*" * 60 + "b", "[!b]*" * 40 + "b"])
def test_wildcards_take_no_time(glob: str) -> None:
    globs = Globs((glob,))
    assert not globs.match("a" * MAX_LENGTHS["event"])
    assert least_seconds(lambda: globs.match("a" * MAX_LENGTHS["event"])) < STANDSTILL / 10


async def test_a_pattern_that_cannot_be_bounded_is_refused_with_the_reason(
    tmp_path: Path,
) -> None:
    rules = json.dumps([{"match": "五(?=星)"}])
    async with running(tmp_path, settings={"report_rules": rules}) as bot:
        answer = await bot.push(expect=503, content="五星")
        reason = "REPORT_RULES 设置有误：第 1 条的 match：这里的正则表达式不能用环视"
        assert reason in answer["error"]
        assert reason in bot.log
        assert "re2.cc" not in bot.log
