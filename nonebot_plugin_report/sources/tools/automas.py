"""AUTO-MAS's own words. Pure.

https://github.com/AUTO-MAS-Project/AUTO-MAS (app/task/*/tools/notify.py; the titles:
app/task/*/AutoProxy.py, app/task/*/manager.py)
"""

import re
from typing import Final

from ...model.report import Result
from ..verdicts import Figure, Items, Reading, Row, Words, amount, read_number, span

_TIME: Final = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def _count(name: str, word: str) -> Figure:
    return Figure(
        re.compile(rf"(?<!\w){word}(?:用户)?数: (\d+)"),
        lambda match: Reading(name, read_number(match[1])),
    )


WORDS: Final = Words(
    name=re.compile(
        r"AUTO-MAS 敬上|\|[√X]\| {1,2}[^\n]{1,60} 的自动代理统计报告|已完成(?:用户)?数: \d+, 未完成"
    ),
    rows=(
        Row(re.compile(r"\|X\|"), Result.FAIL, "automas.error", named=True),
        Row(re.compile(r"未完成(?:用户)?数: 0*[1-9]"), Result.FAIL, "automas.error", named=True),
        Row(re.compile(r"\|√\|"), Result.SUCCESS, "automas.done", named=True),
        Row(re.compile(r"未完成(?:用户)?数: 0"), Result.SUCCESS, "automas.done", named=True),
        Row(re.compile("喜报: 用户 .{1,60} 公招出六星啦"), Result.SUCCESS, "automas.recruited"),
    ),
    figures=(
        _count("completed", "已完成"),
        _count("uncompleted", "未完成"),
        amount("sanity", r"理智剩余: (?P<value>\d+)"),
        amount("sanity", r"回复时间: (?:理智将在\s*)?(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d)"),
        span(rf"开始时间: (?P<start>{_TIME})(?:, |\s+)结束时间: (?P<end>{_TIME})"),
    ),
    items=(
        Items(
            re.compile(r"掉落统计（(?P<place>[^）\n]{1,40})）:"),
            re.compile(r"^ {2}(?P<of>[^:\n]{1,40}): (?P<value>\d+)\s*$"),
            "drop",
        ),
        Items(
            re.compile(r"招募统计:"),
            re.compile(r"^ {2}(?P<of>[^:\n]{1,40}): (?P<value>\d+)\s*$"),
            "recruited",
        ),
    ),
)
