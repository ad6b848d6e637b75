"""What a report is."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from typing import Final

import orjson

from .image import Image
from .reading import Reading, dump_readings, restore_readings
from .text import begins_with, restore_text
from .timing import read_timestamp
from .value import value_type

EVENT_LABELS: Final[Mapping[str, str]] = {
    "notify.test": "测试通知",
    "domain.reward": "自动秘境奖励",
    "domain.start": "自动秘境启动",
    "domain.end": "自动秘境结束",
    "domain.retry": "自动秘境重试",
    "task.cancel": "任务取消",
    "task.error": "任务错误",
    "group.start": "配置组启动",
    "group.end": "配置组结束",
    "dragon.start": "一条龙启动",
    "dragon.end": "一条龙结束",
    "tcg.start": "七圣召唤启动",
    "tcg.end": "七圣召唤结束",
    "album.start": "自动音游专辑启动",
    "album.end": "自动音游专辑结束",
    "album.error": "自动音游专辑错误",
    "daily.reward": "检查每日奖励领取状态",
    "js.custom": "JS自定义事件",
    "js.error": "JS运行时错误",
    "autoeat.start": "自动吃药启动",
    "autoeat.end": "自动吃药结束",
    "autoeat.info": "自动吃药信息",
}


_LABELS: Final[Mapping[str, str]] = {
    **EVENT_LABELS,
    "maa.done": "MAA 任务完成",
    "maa.error": "MAA 任务出错",
    "march7th.done": "三月七小助手完成",
    "march7th.error": "三月七小助手出错",
    "march7th.power": "三月七小助手的开拓力",
    "march7th.update": "三月七小助手有新版本",
    "march7th.login": "三月七小助手要登录",
    "onedragon.end": "OneDragon 运行完成",
    "alas.done": "Alas 出击完成",
    "alas.error": "Alas 崩溃",
    "src.done": "StarRailCopilot 完成",
    "src.error": "StarRailCopilot 崩溃",
    "automas.done": "AUTO-MAS 完成",
    "automas.error": "AUTO-MAS 有没完成的",
    "automas.recruited": "AUTO-MAS 公招六星",
}
"""Chinese names also of events that are read out of other tools' words."""
DIGEST: Final = "report.digest"
"""The event of a message that stands for several reports."""
MAX_HEADING: Final = 200
"""Most characters of a first line that becomes the title."""


class Result(Enum):
    """The result of the reported task; the value is BetterGI's number for it."""

    SUCCESS = 0
    FAIL = 1
    PARTIAL = 2

    def __init__(self, number: int) -> None:
        """Plain attributes, since to read an enum's `value` takes two calls."""
        self.number: Final = number
        self.icon: Final = ("✅", "❌", "⚠️")[number]
        """One emoji."""


_RESULT_WORDS: Final[Mapping[Result, str]] = {
    Result.SUCCESS: "0 success succeeded successful ok okay pass passed done complete completed"
    " finished true yes up resolved healthy 成功 完成 已完成 通过 已通过 正常 恢复 已恢复 ✅",
    Result.FAIL: "1 fail failed failure error errored err false no down firing fatal critical"
    " exception crashed timeout timedout unhealthy 失败 已失败 错误 出错 异常 报错 超时 崩溃 ❌",
    Result.PARTIAL: "2 partial partialsuccess warning warn degraded unstable"
    " 部分成功 部分完成 部分失败 警告 ⚠ ⚠\ufe0f",
}
"""Words that tools and people use for each. Other states (info, skipped) are not results."""
_RESULTS: Final = {
    word: result for result, words in _RESULT_WORDS.items() for word in words.split()
}


@lru_cache(maxsize=64)
def read_result(word: str) -> Result | None:
    """The result that a word stands for; None: the word is shown as it is."""
    return _RESULTS.get(re.sub(r"[\s_-]", "", word.lower()))


@value_type
class Report:
    """A report as it was sent. Texts have no control characters but newline and tab."""

    title: str = ""
    content: str = ""
    message: str = ""
    event: str = ""
    result: Result | str | None = None
    """A string if it is a word of the tool's own."""
    timestamp: datetime | str | None = None
    """Local and aware; a string if it could not be read as a time."""
    images: tuple[Image, ...] = ()
    """The screenshots, in the order in which they are shown."""
    image_fault: str = ""
    """Why a screenshot could not be used (Chinese); otherwise empty."""
    cut: tuple[str, ...] = ()
    """Notes of what was cut or left out (Chinese)."""
    data: str = "null"
    """The client's `data`, as JSON."""
    send_from: str = ""
    send_to: tuple[str, ...] = ()
    send_to_group: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    key: str = ""
    """Chosen by the sender or its tool: the same key again is the same report."""
    key_with_words: bool = False
    """The same key is the same report only with the same words: it is the sender's `id`."""
    key_seconds: float | None = None
    """For how long the same key is the same report; None: always."""
    story: str = ""
    """What an event begins or ends, where one source tells of several: an alert, a monitor."""
    elapsed: float | None = None
    """For an end event: seconds since it began, as its tool says or as measured here."""
    remark: str = ""
    """What its owner is told where he looks (Chinese), and nobody in the message."""
    readings: tuple[Reading, ...] = ()
    """Figures that were read out of its words."""
    urgent: bool = False
    """Whether the tool says that the report must not wait for the end of quiet hours."""
    not_before: float | None = None
    """When it is to be delivered at the earliest (epoch seconds); None: at once."""

    @property
    def image(self) -> Image | None:
        """The first screenshot, or None."""
        return self.images[0] if self.images else None

    @property
    def event_label(self) -> str:
        """The event's Chinese name, or the event if it has none."""
        return label_event(self.event)

    @property
    def icon(self) -> str:
        """The result's emoji; other words stand in brackets."""
        if isinstance(self.result, Result):
            return self.result.icon
        return f"[{self.result}]" if self.result else ""

    @property
    def result_word(self) -> str:
        """The result as one looks for it: BetterGI's number, or the tool's own word; or empty."""
        return str(self.result.number) if isinstance(self.result, Result) else self.result or ""

    @property
    def heading(self) -> str:
        """Title, else the event."""
        return self.title or self.event_label

    @property
    def body(self) -> str:
        """Message and content, or one of them if it contains the other."""
        if begins_with(self.message, self.content):
            return self.message
        if begins_with(self.content, self.message):
            return self.content
        return f"{self.message}\n{self.content}"


def label_event(event: str) -> str:
    """Name an event in Chinese; one without a name by itself."""
    return _LABELS.get(event, event)


def count_as(report: Report, result: Result | str | None, event: str) -> Report:
    """Give a report another result and event. One without a title is shown as before, not below
    the event's name: its first line is the title."""
    title = report.title or (event and report.body.lstrip().partition("\n")[0][:MAX_HEADING])
    return replace(report, title=title, result=result, event=event)


def trial_report(content: str) -> Report:
    """A report that only shows that it arrives, as BetterGI's `notify.test`."""
    return Report(title="测试推送", content=content, event="notify.test", result=Result.SUCCESS)


def dump(report: Report, **more: object) -> bytes:
    """The report as JSON, in BetterGI's and our fields: no pictures, no recipients, plus `more`."""
    fields: dict[str, object] = {
        "event": report.event,
        "result": report.result.number if isinstance(report.result, Result) else report.result,
        "timestamp": report.timestamp and str(report.timestamp),
        "title": report.title,
        "content": report.content,
        "message": report.message,
        "data": None if report.data == "null" else orjson.Fragment(report.data),
        "story": report.story,
        "readings": dump_readings(report.readings) or None,
        "remark": report.remark,
    }
    present = {name: value for name, value in fields.items() if value not in ("", None)}
    return orjson.dumps(present | more)


def hash_words(report: Report) -> str:
    """Hash all that a sender says in a report but its key and its time, as a retry says it again:
    SHA-256 in hexadecimal digits. Reads all bytes of the pictures."""
    words = dump(
        replace(report, timestamp=None),
        send_from=report.send_from,
        send_to=report.send_to,
        send_to_group=report.send_to_group,
        channel=report.channel,
    )
    digest = sha256(words)
    for image in report.images:
        digest.update(sha256(image.data).digest())
    return digest.hexdigest()


def restore(text: str) -> Report:
    """The report that `dump` wrote.

    Raises:
        ValueError: it is not.
    """
    try:
        fields = json.loads(text)
        data = fields.get("data")
        return Report(
            title=restore_text(fields, "title"),
            content=restore_text(fields, "content"),
            message=restore_text(fields, "message"),
            event=restore_text(fields, "event"),
            result=_restore_result(fields.get("result")),
            timestamp=_restore_timestamp(fields.get("timestamp")),
            data="null"
            if data is None
            else json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False),
            story=restore_text(fields, "story"),
            remark=restore_text(fields, "remark"),
            readings=restore_readings(fields.get("readings")),
        )
    except (AttributeError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("not what was dumped") from error


def _restore_result(value: object) -> Result | str | None:
    if isinstance(value, int):
        return Result(value)
    return restore_text({"result": value}, "result") if value else None


def _restore_timestamp(value: object) -> datetime | str | None:
    if not value:
        return None
    written = restore_text({"timestamp": value}, "timestamp")
    try:
        return read_timestamp(written)
    except ValueError:  # words, not a time
        return written
