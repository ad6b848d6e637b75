"""OneDragon's own words. Pure.

https://github.com/OneDragon-Anything/ZenlessZoneZero-OneDragon
(src/one_dragon/base/operation/operation_notify.py: of an application and of its nodes, also merged
into one message; src/zzz_od/application/notify/notify_app.py: of a whole run)
"""

import re
from typing import Final

from ...model.report import Result
from ..verdicts import Row, Words, amount, phrase

_APP: Final = r"任务「(?P<app>[^」\n]{1,60})」"
_SUCCESS: Final = "(?:成功|Success)"
_RUN: Final = "运行「?"
_NODE: Final = rf"{_APP}节点「[^」\n]{{1,60}}」\s*{_RUN}"
WORDS: Final = Words(
    name=re.compile("一条龙运行(?:通知|完成)"),
    rows=(
        Row(phrase(rf"{_APP}{_RUN}失败"), Result.FAIL, "{app}.end"),
        Row(phrase(rf"{_APP}{_RUN}{_SUCCESS}"), Result.SUCCESS, "{app}.end"),
        Row(phrase(rf"{_APP}{_RUN}开始"), None, "{app}.start"),
        Row(phrase(rf"{_NODE}失败"), Result.FAIL, "{app}.node"),
        Row(phrase(rf"{_NODE}{_SUCCESS}"), Result.SUCCESS, "{app}.node"),
        Row(phrase("❌ 失败指令：|全部失败❌"), Result.FAIL, "onedragon.end", named=True),
        Row(phrase("全部成功✅|✅ 成功指令："), Result.SUCCESS, "onedragon.end", named=True),
    ),
    figures=(amount("charge", r"当前体力：(?P<value>\d+)/(?P<most>\d+)"),),
)
