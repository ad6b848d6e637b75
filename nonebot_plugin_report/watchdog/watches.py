"""Watches: expected events, since a tool that hangs, crashes or is off sends nothing.

Pure: the time is an argument. A watch waits for an event from the moment of another event, or from
a time of day, and is overdue when the event does not come in time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Self

from pydantic import Field, model_validator

from ..model.grant import MASTER
from ..model.patterns import Globs
from ..model.report import EVENT_LABELS, Report, Result, label_event
from ..model.timing import DailyTime, in_words
from ..model.watch import Standing, WatchState
from ..settings import Clock, Duration, EventGlobs, Recipients, Settings, TokenNames

if TYPE_CHECKING:
    from .beats import Beat

OVERDUE: Final = "watch.overdue"
LATE: Final = "watch.late"
EVENTS: Final = (OVERDUE, LATE)


class Watch(Settings):
    """One entry of REPORT_WATCH."""

    after: EventGlobs = Globs(())
    """从哪些事件开始等，例如 dragon.start；可用通配符"""
    since: Clock | None = None
    """或者每天从几点开始等，例如 06:00；需要时后面加时区，例如 06:00 Asia/Shanghai"""
    expect: EventGlobs = Globs(("*",))
    """等哪些事件，例如 dragon.end；默认任何推送都算"""
    but: EventGlobs = Field(default=Globs(()), alias="except")
    """等的事件里不算数的，例如 task.error：卡住了还在反复报错的，不算还在动"""
    within: Duration
    """多久之内应该来，例如 3h"""
    token: TokenNames = ()
    """只看用这些令牌（名字）的推送；写 since 而不写它，则只认能发给下面每个人的令牌"""
    to: Recipients = ()
    """没来时告诉谁；不写就按规则和 REPORT_DEFAULT_TARGETS"""

    @model_validator(mode="after")
    def _check_start(self) -> Self:
        if bool(self.after.texts) == (self.since is not None):
            raise ValueError("after 和 since 要写一个，且只写一个")
        return self

    @property
    def name(self) -> str:
        """A key for the watch; different settings have different keys."""
        # A field of a later version counts only where set, so that states survive an update.
        later = set[str]() if self.but.texts else {"but"}
        return sha256(self.model_dump_json(exclude=later).encode()).hexdigest()[:32]

    @property
    def description(self) -> str:
        """A description for users (Chinese)."""
        start = f"每天 {self.since} " if self.since else _labels(self.after)
        but = f"（{_labels(self.but)}不算）" if self.but.texts else ""
        return f"{start}后 {in_words(self.within)}内要有{_labels(self.expect)}{but}"

    def key(self, source: str) -> str:
        """Return the key of the watch's state, for a report's source.

        Each source's start waits for its own end; from a time of day, all sources share a state.
        """
        return self.name if self.since else f"{self.name}:{source}"

    def waits_for(self, event: str) -> bool:
        """Return whether the watch waits for an event."""
        return self.expect.match(event) and not self.but.match(event)

    def concerns(self, source: str, trusts: "Trusts") -> bool:
        """Return whether the watch concerns reports of a source."""
        if self.token:
            return source in self.token
        # In a shared state, another user's report must not hide the silence of the owner's tool.
        return self.since is None or trusts(self, source)


Trusts = Callable[["Watch | Beat", str], bool]
"""Whether a token, by its name, reaches all recipients of an entry."""


@dataclass(frozen=True, slots=True)
class Changes:
    """States to save and reports to send."""

    changed: Mapping[str, WatchState]
    reports: tuple[tuple["Watch | Beat", Report], ...]


def arrived(
    watches: Sequence[Watch],
    states: Mapping[str, WatchState],
    event: str,
    source: str,
    now: float,
    trusts: "Trusts",
) -> Changes:
    """Apply an event from a source."""
    changed: dict[str, WatchState] = {}
    reports: list[tuple[Watch, Report]] = []
    for watch in watches:
        key = watch.key(source)
        state = states.get(key)
        if not watch.concerns(source, trusts):
            continue
        if state is not None and state.due_at is not None and watch.waits_for(event):
            if state.overdue_at is not None:
                reports.append((watch, _late(watch, key, source, state, event, now)))
            changed[key] = WatchState(state.since, None)
        if watch.after.match(event):
            changed[key] = WatchState(now, now + watch.within)
    return Changes(changed, tuple(reports))


def passed(watches: Sequence[Watch], states: Mapping[str, WatchState], now: float) -> Changes:
    """Find the watches that are overdue at a moment, and begin the daily ones."""
    changed = {
        watch.name: begun
        for watch in watches
        if watch.since is not None
        and (begun := _begin(watch, watch.since, states.get(watch.name), now)) is not None
    }
    reports: list[tuple[Watch, Report]] = []
    for watch in watches:
        for key, state in {**states, **changed}.items():
            name, _, source = key.partition(":")
            overdue = state.due_at is not None and state.due_at <= now
            if name == watch.name and overdue and state.overdue_at is None:
                changed[key] = replace(state, overdue_at=now)
                reports.append((watch, _overdue(watch, key, source, state, now)))
    return Changes(changed, tuple(reports))


def standings(watches: Sequence[Watch], states: Mapping[str, WatchState]) -> tuple[Standing, ...]:
    """Describe the standing of each watch: one entry per waiting token, at least one."""
    entries: list[Standing] = []
    for watch in watches:
        waits = [
            Standing(watch.description + _whose(source), state.due_at, state.overdue_at is not None)
            for key, state in sorted(states.items())
            for name, _, source in [key.partition(":")]
            if name == watch.name and state.due_at is not None
        ]
        entries += waits or [Standing(watch.description)]
    return tuple(entries)


def _begin(
    watch: Watch, since: DailyTime, state: WatchState | None, now: float
) -> WatchState | None:
    """Return the new state of a daily watch, or None if it has not changed."""
    start = since.last(now)
    if state is None:  # set today: it begins with the next day
        return WatchState(start, None)
    return WatchState(start, start + watch.within) if state.since < start else None


def _labels(globs: Globs) -> str:
    return "、".join("任何推送" if one == "*" else label_event(one) for one in globs.texts)


def _whose(source: str) -> str:
    return f"（令牌 {source}）" if source not in ("", MASTER.name) else ""


def _overdue(watch: Watch, key: str, source: str, state: WatchState, now: float) -> Report:
    start = f"每天 {watch.since}" if watch.since else _labels(watch.after)
    return Report(
        title=f"没有等到{_labels(watch.expect)}{_whose(source)}",
        content=(
            f"{start}之后 {in_words(now - state.since)}，还没有等到{_labels(watch.expect)}。"
            "工具可能卡住、崩溃了，或者电脑关机了"
        ),
        event=OVERDUE,
        result=Result.FAIL,
        key=f"{OVERDUE}:{key}:{state.since:.3f}",
    )


def _late(watch: Watch, key: str, source: str, state: WatchState, event: str, now: float) -> Report:
    late = in_words(now - (state.due_at or now))
    # The token need not reach these recipients: the text holds nothing from the token's reports.
    return Report(
        title=f"等到了{EVENT_LABELS.get(event) or _labels(watch.expect)}{_whose(source)}",
        content=f"比约定的时间晚了 {late}",
        event=LATE,
        result=Result.SUCCESS,
        key=f"{LATE}:{key}:{state.since:.3f}",
    )
