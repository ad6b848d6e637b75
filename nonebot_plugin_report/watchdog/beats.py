"""Beats: regular signs of life of a computer or a job, whose silence is reported.

Pure: the time is an argument. A beat is expected only after its first sign of life.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Final, Self

from pydantic import PlainSerializer, field_validator, model_validator

from ..model.cron import CronTimes
from ..model.report import Report, Result
from ..model.target import NAME
from ..model.timing import in_words
from ..model.watch import Standing, WatchState
from ..settings import Duration, Filled, Pause, Read, Recipients, Settings, TokenNames
from .watches import Changes, Trusts

DOWN: Final = "beat.down"
UP: Final = "beat.up"
EVENTS: Final = (DOWN, UP)
MIN_PAUSE: Final = 60.0
"""Least seconds between two reports that a beat is down."""
DOWN_BY_ITSELF: Final = "它自己报告出了问题"
PREFIX: Final = "beat:"
"""Prefix of the name, in the key of a beat's state."""

Cron = Annotated[CronTimes, Read(lambda value: CronTimes.parse(str(value))), PlainSerializer(str)]


class Beat(Settings):
    """One entry of REPORT_WATCH that waits for signs of life."""

    beat: Filled
    """心跳的名字，例如 pc；向 /report/beat/pc 发 GET 或 POST 就是一次"""
    every: Duration | None = None
    """多久一次，例如 5m"""
    cron: Cron | None = None
    """或者在哪些时刻，写成 cron 的样子，例如 0 3 * * *；需要时后面加时区"""
    grace: Pause = 60.0
    """晚多久才算没来，例如 2m"""
    token: TokenNames = ()
    """只认用这些令牌（名字）的心跳；不写则只认能发给下面每个人的令牌"""
    to: Recipients = ()
    """没来和恢复时告诉谁；不写就按规则和 REPORT_DEFAULT_TARGETS"""

    @field_validator("beat")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if not NAME.fullmatch(value) or "/" in value or "." in value:
            raise ValueError("心跳的名字不能有空格、逗号、冒号、斜杠和点")
        return value

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        if (self.every is None) == (self.cron is None):
            raise ValueError("every 和 cron 要写一个，且只写一个")
        return self

    @property
    def key(self) -> str:
        """The key of the beat's state."""
        return f"{PREFIX}{self.beat}"

    @property
    def description(self) -> str:
        """A description for users (Chinese)."""
        return f"{self.beat} 的心跳，{self.times}"

    @property
    def times(self) -> str:
        """The times of the beat (Chinese)."""
        return f"每 {in_words(self.every)}一次" if self.every else f"按 {self.cron}"

    @property
    def pause(self) -> float:
        """Least seconds between two reports that the beat is down."""
        return max(self.grace, MIN_PAUSE)

    def concerns(self, source: str, trusts: Trusts) -> bool:
        """Return whether signs of life with a token count."""
        return source in self.token if self.token else trusts(self, source)

    def due_after(self, now: float) -> float:
        """Compute the time by which the next sign of life must come; both in epoch seconds."""
        following = self.cron.after(now) if self.cron else now + (self.every or 0.0)
        return following + self.grace

    def due_from(self, now: float) -> float:
        """Compute the due time where no sign of life could be received before `now`."""
        return now + (self.every or 0.0) + self.grace


def beaten(beat: Beat, state: WatchState | None, now: float) -> Changes:
    """Apply a sign of life."""
    was_down = state is not None and state.overdue_at is not None
    reports = ((beat, _up(beat, state, now)),) if state is not None and was_down else ()
    reported_at = state and state.reported_at
    return Changes(
        {beat.key: WatchState(now, beat.due_after(now), reported_at=reported_at)}, reports
    )


def failed(beat: Beat, state: WatchState | None, now: float, reason: str) -> Changes:
    """Apply a sign of failure with its `reason` (Chinese).

    Within the pause after the last report, a failure is reported at the end of the pause, unless
    a sign of life comes first.
    """
    if state is None:
        state = WatchState(now, now)
    if state.overdue_at is not None:
        return Changes({}, ())
    if state.reported_at is not None and _pauses(beat, state, now):
        return Changes({beat.key: replace(state, due_at=state.reported_at + beat.pause)}, ())
    down = replace(state, due_at=now, overdue_at=now, reported_at=now)
    return Changes({beat.key: down}, ((beat, _down(beat, down, now, reason)),))


def silent(beats: Iterable[Beat], states: Mapping[str, WatchState], now: float) -> Changes:
    """Find the beats that are overdue at a moment."""
    late = {
        beat: state
        for beat in beats
        if (state := states.get(beat.key)) is not None
        and state.overdue_at is None
        and state.due_at is not None
        and state.due_at <= now
        and not _pauses(beat, state, now)
    }
    changed = {
        beat.key: replace(state, overdue_at=now, reported_at=now) for beat, state in late.items()
    }
    reports = tuple(
        (beat, _down(beat, late[beat], now, _reason(beat, late[beat]))) for beat in late
    )
    return Changes(changed, reports)


def _pauses(beat: Beat, state: WatchState, now: float) -> bool:
    """Return whether the last report is too recent for another; False where the clock was set back
    behind it."""
    return state.reported_at is not None and 0 <= now - state.reported_at < beat.pause


def _reason(beat: Beat, state: WatchState) -> str:
    """Return the reason of an overdue beat (Chinese); empty: no sign came."""
    put_off = state.reported_at is not None and state.due_at == state.reported_at + beat.pause
    return DOWN_BY_ITSELF if put_off else ""


def heard_again(beats: Iterable[Beat], states: Mapping[str, WatchState], now: float) -> Changes:
    """Give all beats their time again, after a while without a receiver."""
    changed = {
        beat.key: replace(state, due_at=max(state.due_at or 0.0, beat.due_from(now)))
        for beat in beats
        if (state := states.get(beat.key)) is not None and state.overdue_at is None
    }
    return Changes(changed, ())


def beat_standings(beats: Iterable[Beat], states: Mapping[str, WatchState]) -> list[Standing]:
    """Describe the standing of each beat."""
    entries: list[Standing] = []
    for beat in beats:
        state = states.get(beat.key)
        if state is None:
            entries.append(Standing(f"{beat.description}（还没有来过）"))
        else:
            entries.append(Standing(beat.description, state.due_at, state.overdue_at is not None))
    return entries


def _down(beat: Beat, state: WatchState, now: float, reason: str) -> Report:
    ago = in_words(now - state.since)
    return Report(
        title=f"{beat.beat} 出了问题" if reason else f"{beat.beat} 没有心跳了",
        content=reason or f"上一次是 {ago}前，约定{beat.times}。它可能卡住、断网了，或者电脑关机了",
        event=DOWN,
        result=Result.FAIL,
        key=f"{DOWN}:{beat.beat}:{state.since:.3f}",
    )


def _up(beat: Beat, state: WatchState, now: float) -> Report:
    return Report(
        title=f"{beat.beat} 的心跳恢复了",
        content=f"中断了 {in_words(now - state.since)}",
        event=UP,
        result=Result.SUCCESS,
        key=f"{UP}:{beat.beat}:{state.since:.3f}",
    )
