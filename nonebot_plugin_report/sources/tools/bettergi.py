"""BetterGI's own words: its notifiers other than the webhook send no event and no result. Pure.

https://github.com/babalae/better-genshin-impact (each `Notify.Event(…)` in GameTask, Service and
ViewModel; Service/Notifier/OneBotNotifier.cs, GotifyNotifier.cs, MeowNotifier.cs;
GameTask/Common/Job/CheckRewardsTask.cs)
"""

import re
from typing import Final

from ...model.report import Result
from ..verdicts import Figure, Reading, Row, Words, amount, line

_LABEL: Final = "(?:(?:事件)?消息: )?"
_REWARDS: Final = rf"{_LABEL}(?:浓缩树脂|体力识别失败)[^\n]*"


def _row(words: str, event: str, result: Result = Result.SUCCESS) -> Row:
    return Row(line(_LABEL + words), result, event)


WORDS: Final = Words(
    name=re.compile("BetterGI|更好的原神"),
    rows=(
        _row("自动(?:秘境|幽境危战)启动", "domain.start"),
        _row("自动(?:秘境|幽境危战)结束", "domain.end"),
        _row("自动(?:秘境|幽境危战)奖励领取", "domain.reward"),
        _row("自动首领讨伐(?:启动|结束|奖励领取)", "AutoBoss"),
        _row("存在角色死亡，复活后重试秘境[.…]*", "domain.retry", Result.FAIL),
        _row("(?:一条龙|配置组任务)启动", "dragon.start"),
        _row("一条龙和配置组任务结束", "dragon.end"),
        _row(r"配置组[^\n]{1,60}启动", "group.start"),
        _row(r"配置组[^\n]{1,60}结束", "group.end"),
        _row("调度器任务出现未预期的异常，自动重启bgi", "group.end", Result.FAIL),
        _row("自动七圣召唤启动", "tcg.start"),
        _row("自动七圣召唤结束", "tcg.end"),
        _row("自动音游专辑启动", "album.start"),
        _row("自动音游专辑结束", "album.end"),
        _row("自动音游专辑异常", "album.error", Result.FAIL),
        _row("任务手动取消，或正常结束", "task.cancel"),
        _row("任务被手动取消", "task.cancel"),
        _row("任务执行异常", "task.error", Result.FAIL),
        _row(r"任务失败: [^\n]*|未找到对应的地脉花策略", "AutoLeyLineOutcrop", Result.FAIL),
        _row("检查每日奖励：已领取", "daily.reward"),
        _row("检查到每日奖励未领取，请手动查看！", "daily.reward", Result.FAIL),
        Row(line(rf"{_REWARDS}识别失败[^\n]*"), Result.PARTIAL, "daily.reward"),
        Row(line(rf"{_LABEL}体力识别失败[^\n]*"), Result.PARTIAL, "daily.reward"),
        Row(line(rf"{_REWARDS}每日委托奖励：未领取"), Result.FAIL, "daily.reward"),
        Row(line(rf"{_REWARDS}每日委托奖励：已领取"), Result.SUCCESS, "daily.reward"),
    ),
    figures=(
        amount("condensed_resin", r"浓缩树脂 (?P<value>\d+)"),
        amount("original_resin", r"原粹树脂 (?P<value>\d+)/(?P<most>\d+)"),
        Figure(
            re.compile("每日(?:委托)?奖励：?(已|未)领取"),
            lambda match: Reading("commission_reward", int(match[1] == "已")),
        ),
    ),
    events=frozenset({"daily.reward"}),
)
