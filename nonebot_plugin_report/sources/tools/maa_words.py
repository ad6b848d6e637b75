"""MAA's own words, in its five languages. Pure.

https://github.com/MaaAssistantArknights/MaaAssistantArknights
(src/MaaWpfGui/Main/AsstProxy.cs, src/MaaWpfGui/Res/Localizations)
"""

import re
from typing import Final

from ...model.report import Result
from ..verdicts import LINE_BEGINS, Items, Row, Words, amount, duration, phrase

_ERROR: Final = r"(?:任务出错|任務出錯|Task error|タスクエラー|작업 오류)[:：]"
_DONE: Final = (
    r"(?:任务已全部完成|任務已全部完成|All task\(s\) completed|すべてのタスクが完了しました"
    r"|모든 작업을 완료했습니다)[！!]"
)
_AT: Final = r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d)"
_DROPS: Final = "(?:掉落统计|掉落統計|Total Drops|ドロップ統計|드롭 통계)"
_ITEM: Final = re.compile(
    r"^(?P<of>[^\s:\[][^:\n]{0,40}?) ?: (?P<value>[\d,]{1,12}[kK]?)(?: \(\+[^)\n]*\))?\s*$"
)
WORDS: Final = Words(
    name=re.compile(rf"\bMAA\b|MAA 已在|{_ERROR}|{_DONE}"),
    rows=(
        # The list of all that was done may have what failed.
        Row(
            re.compile(rf"\A{LINE_BEGINS}{_DONE}[\s\S]*\n{LINE_BEGINS}{_ERROR}"),
            Result.PARTIAL,
            "maa.done",
        ),
        Row(phrase(_ERROR), Result.FAIL, "maa.error"),
        Row(phrase(_DONE), Result.SUCCESS, "maa.done"),
    ),
    figures=(
        duration(r"(?P<h>\d{1,4})h (?P<m>\d{1,2})m (?P<s>\d{1,2})s"),
        amount("sanity", r"(?:理智|Sanity|理性|이성): (?P<value>\d+)/(?P<most>\d+)"),
        amount("sanity", rf"(?:理智将在|理智會在|Sanity will be full at) {_AT}"),
        amount("sanity", rf"{_AT}(?: に理性が完全回復|에 이성이 모두 회복)"),
    ),
    items=(Items(re.compile(rf"(?P<place>[\w-]{{1,30}}) {_DROPS}[:：]"), _ITEM, "drop"),),
)
