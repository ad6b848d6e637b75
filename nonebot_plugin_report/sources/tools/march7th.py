"""March7thAssistant's own words. Pure.

https://github.com/moesnow/March7thAssistant (assets/config/config.example.yaml: notify_template;
tasks/daily/redemption.py). Several of them may be merged into one message, as a numbered list.
"""

import re
from typing import Final

from ...model.report import Result
from ..verdicts import Row, Words, amount, phrase

WORDS: Final = Words(
    name=re.compile("三月七小助手"),
    rows=(
        Row(phrase("发生错误"), Result.FAIL, "march7th.error", named=True),
        Row(phrase(r"[^\n]{1,60}未完成"), Result.FAIL, "march7th.error", named=True),
        Row(phrase("遗器背包已满"), Result.FAIL, "march7th.error", named=True),
        Row(phrase("领取星琼失败"), Result.FAIL, "march7th.error", named=True),
        Row(phrase(r"[^\n]{1,60}已完成"), Result.SUCCESS, "march7th.done", named=True),
        Row(phrase(r"[^\n]{1,60}已领取"), Result.SUCCESS, "march7th.done", named=True),
        Row(phrase(r"[^\n]{1,60}已通关"), Result.SUCCESS, "march7th.done", named=True),
        Row(phrase("成功使用了"), Result.SUCCESS, "march7th.done", named=True),
        Row(phrase("这是一条测试消息"), Result.SUCCESS, "notify.test", named=True),
        Row(phrase("发现新版本"), None, "march7th.update", named=True),
        Row(phrase("请使用米游社APP扫描二维码登录"), None, "march7th.login", named=True),
        Row(phrase("开拓力剩余"), None, "march7th.power", named=True),
        Row(phrase(r"将在[^\n]{1,40}继续运行"), None, "march7th.power", named=True),
    ),
    figures=(
        amount(
            "trailblaze_power",
            r"开拓力剩余(?P<value>\d+)/(?P<most>\d+)(?:\n预计(?P<at>[^\n]{1,40}?)回满)?",
        ),
    ),
)
