"""Signs of life, and what is told of their absence."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from nonebot_plugin_report.config import Config
from nonebot_plugin_report.model.cron import CronTimes
from nonebot_plugin_report.model.watch import WatchState
from nonebot_plugin_report.watchdog.beats import (
    DOWN,
    UP,
    Beat,
    beat_standings,
    beaten,
    failed,
    heard_again,
    silent,
)
from nonebot_plugin_report.watchdog.watches import Changes, Watch, arrived, passed

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 24, 12, tzinfo=SHANGHAI).timestamp()
MINUTE, HOUR = 60.0, 3600.0
PC = Beat.model_validate({"beat": "pc", "every": "5m", "grace": "2m"})
NIGHTLY = Beat.model_validate(
    {"beat": "backup", "cron": "0 3 * * * Asia/Shanghai", "grace": "30m", "token": "nas"}
)


def anybody(_entry: object, _source: str) -> bool:
    return True


class Story:
    """Beats and moments, and what was told of them."""

    def __init__(self, beat: Beat) -> None:
        self.beat = beat
        self.states: dict[str, WatchState] = {}
        self.told: list[tuple[str, str]] = []
        self.down_at: list[float] = []

    def beats(self, now: float) -> None:
        self._take(beaten(self.beat, self.states.get(self.beat.key), now))

    def fails(self, now: float) -> None:
        self._take(failed(self.beat, self.states.get(self.beat.key), now, "磁盘满了"), now)

    def look(self, now: float) -> None:
        self._take(silent([self.beat], self.states, now), now)

    def restart(self, now: float) -> None:
        self._take(heard_again([self.beat], self.states, now))

    def _take(self, news: Changes, now: float = 0.0) -> None:
        self.states.update(news.changed)
        self.down_at += [now for _, one in news.reports if one.event == DOWN]
        self.told += [(one.event, f"{one.title}\n{one.body}") for _, one in news.reports]

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.told]


def test_while_it_beats_there_is_no_news() -> None:
    story = Story(PC)
    story.look(NOON - HOUR)
    for minutes in range(0, 100, 6):
        story.beats(NOON + minutes * MINUTE)
        story.look(NOON + minutes * MINUTE + 1)
    assert story.told == []


def test_down_and_up_are_told_once_each_with_how_long() -> None:
    story = Story(PC)
    story.beats(NOON)
    story.look(NOON + 6.9 * MINUTE)
    assert story.told == []
    for minutes in (7, 8, 60):
        story.look(NOON + minutes * MINUTE)
    assert story.events == [DOWN]
    assert story.told[0][1].startswith("pc 没有心跳了\n上一次是 7 分前，约定每 5 分一次")
    story.beats(NOON + 90 * MINUTE)
    story.beats(NOON + 91 * MINUTE)
    assert story.told[1:] == [(UP, "pc 的心跳恢复了\n中断了 1 小时 30 分")]
    story.look(NOON + 99 * MINUTE)
    assert story.events == [DOWN, UP, DOWN]


def test_what_says_itself_that_it_is_down_is_told_at_once_and_once() -> None:
    story = Story(PC)
    story.fails(NOON)
    story.fails(NOON + MINUTE)
    story.look(NOON + HOUR)
    assert story.told == [(DOWN, "pc 出了问题\n磁盘满了")]
    story.beats(NOON + HOUR)
    assert story.told[1] == (UP, "pc 的心跳恢复了\n中断了 1 小时")


def test_at_times_of_cron_it_is_missed_after_the_next_of_them() -> None:
    story = Story(NIGHTLY)
    story.beats(NOON)
    night = NOON + 15 * HOUR
    story.look(night + 29 * MINUTE)
    assert story.told == []
    story.look(night + 30 * MINUTE)
    assert story.events == [DOWN]
    assert "约定按 0 3 * * * Asia/Shanghai" in story.told[0][1]


def test_while_the_bot_itself_was_off_nobody_could_be_heard() -> None:
    story = Story(PC)
    story.beats(NOON)
    story.restart(NOON + HOUR)
    story.look(NOON + HOUR + 6 * MINUTE)
    assert story.told == []
    story.look(NOON + HOUR + 7 * MINUTE)
    assert story.events == [DOWN]
    story.restart(NOON + 2 * HOUR)
    story.look(NOON + 3 * HOUR)
    assert story.events == [DOWN], "it was told already"


def test_what_is_up_and_down_in_turn_is_told_once_a_grace_and_then_as_it_stands() -> None:
    story = Story(PC)
    for second in range(0, 120, 2):
        story.fails(NOON + second)
        story.look(NOON + second)
        story.beats(NOON + second + 1)
        story.look(NOON + second + 1)
    assert story.events == [DOWN, UP]
    story.fails(NOON + 119)
    assert story.events == [DOWN, UP]
    story.look(NOON + 120)
    assert story.told[2:] == [(DOWN, "pc 出了问题\n它自己报告出了问题")]
    story.beats(NOON + 121)
    assert story.events == [DOWN, UP, DOWN, UP]


def test_without_a_grace_it_is_told_once_a_minute() -> None:
    story = Story(Beat.model_validate({"beat": "pc", "every": "1s", "grace": 0}))
    for second in range(61):
        story.fails(NOON + second)
        story.beats(NOON + second + 0.5)
    assert story.down_at == [NOON, NOON + 60]


@given(
    st.lists(
        st.tuples(
            st.one_of(st.floats(0, 10), st.floats(1, HOUR)),
            st.sampled_from(["beats", "fails", "look", "restart"]),
        )
    ),
    st.sampled_from(["beats", "fails"]),
)
def test_down_and_up_take_turns_are_rare_and_end_as_it_stands(
    steps: list[tuple[float, str]], last: str
) -> None:
    story, now = Story(PC), NOON
    for length, what in steps:
        now += length
        getattr(story, what)(now)
    getattr(story, last)(now)
    story.look(now + PC.pause)
    assert story.events == [(DOWN, UP)[at % 2] for at in range(len(story.events))]
    assert all(later - sooner >= PC.pause for sooner, later in pairwise(story.down_at))
    assert story.events[-1:] in ([[UP], []] if last == "beats" else [[DOWN]])


def test_where_it_stands_is_told() -> None:
    story = Story(PC)
    (standing,) = beat_standings([PC], story.states)
    assert standing.description == "pc 的心跳，每 5 分一次（还没有来过）"
    story.beats(NOON)
    (standing,) = beat_standings([PC], story.states)
    assert (standing.due_at, standing.overdue) == (NOON + 7 * MINUTE, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"beat": "pc"},
        {"beat": "pc", "every": "5m", "cron": "0 3 * * *"},
        {"beat": "", "every": "5m"},
        {"beat": "a/b", "every": "5m"},
        {"beat": "a.b", "every": "5m"},
        {"beat": "pc", "cron": "0 3 * *"},
        {"beat": "pc", "cron": "61 3 * * *"},
        {"beat": "pc", "cron": "0 0 31 2 *"},
        {"beat": "pc", "cron": "0 3 * * * Mars/Base"},
        {"beat": "pc", "every": "5m", "within": "3h"},
    ],
)
def test_a_beat_needs_a_name_and_its_times(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Beat.model_validate(wrong)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([{"beat": "pc", "every": "x"}], "REPORT_WATCH 设置有误：第 1 条的 every："),
        ([{"after": "a"}], "REPORT_WATCH 设置有误：第 1 条的 within：没有填写"),
        ([{"beat": "pc", "every": "5m", "to": "channel:x"}], "第 1 条的 to："),
        ([{"beat": "pc", "every": "5m", "token": "x"}], "第 1 条的 token："),
        ([{"beat": "pc", "every": "5m"}, {"beat": "pc", "every": "6m"}], "两条心跳都叫 pc"),
    ],
)
def test_a_wrong_entry_is_told_by_its_place_as_the_others(
    entries: list[dict[str, str]], told: str
) -> None:
    from nonebot_plugin_report.config import explain

    with pytest.raises(ValidationError) as error:
        Config.model_validate({"report_watch": entries})
    assert told in str(explain(error.value))


def test_cron_times_follow_the_clocks_of_their_zone() -> None:
    times = CronTimes.parse(" 30  2 * * *  America/New_York ")
    new_york = ZoneInfo("America/New_York")
    assert str(times) == "30 2 * * * America/New_York"
    before = datetime(2026, 3, 7, 12, tzinfo=new_york).timestamp()
    assert datetime.fromtimestamp(times.after(before), new_york).hour == 3, "2:30 is skipped"
    local = CronTimes.parse("0 3 * * *")
    assert datetime.fromtimestamp(local.after(before)).hour == 3  # noqa: DTZ006 - this machine's zone
    assert str(local) == "0 3 * * *"


def test_a_stall_that_repeats_its_own_notice_is_no_life() -> None:
    watch = Watch.model_validate(
        {"after": "dragon.start", "within": "1h", "except": "task.error, stall.*"}
    )
    assert watch.description == "一条龙启动后 1 小时内要有任何推送（任务错误、stall.*不算）"
    states = dict(arrived([watch], {}, "dragon.start", "master", NOON, anybody).changed)
    for event in ("task.error", "stall.again"):
        assert not arrived([watch], states, event, "master", NOON + 60, anybody).changed
    assert passed([watch], states, NOON + HOUR).reports
    assert arrived([watch], states, "domain.end", "master", NOON + 60, anybody).changed
