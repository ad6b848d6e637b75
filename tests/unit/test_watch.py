"""What is told of that did not come."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from nonebot_plugin_report.model.watch import WatchState
from nonebot_plugin_report.watchdog.watches import LATE, OVERDUE, Watch, arrived, passed, standings

NOON = datetime(2026, 11, 24, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
HOUR = 3600.0
DRAGON = Watch.model_validate({"after": "dragon.start", "expect": "dragon.end", "within": "3h"})
SILENCE = Watch.model_validate({"since": "06:00 Asia/Shanghai", "within": "4h"})


def anybody(_entry: object, _source: str) -> bool:
    return True


class Story:
    """Events and moments, and what was told of them."""

    def __init__(self, watch: Watch, *, trusted: tuple[str, ...] = ("master",)) -> None:
        """`trusted` are the tokens that reach everybody who is told."""
        self.watch = watch
        self.trusted = trusted
        self.states: dict[str, WatchState] = {}
        self.told: list[tuple[str, str]] = []

    def event(self, name: str, now: float, source: str = "master") -> None:
        self._take(arrived([self.watch], self.states, name, source, now, self._trusts))

    def look(self, now: float) -> None:
        self._take(passed([self.watch], self.states, now))

    def _trusts(self, _: object, source: str) -> bool:
        return source in self.trusted

    def _take(self, news: object) -> None:
        from nonebot_plugin_report.watchdog.watches import Changes

        assert isinstance(news, Changes)
        self.states.update(news.changed)
        self.told += [
            (report.event, f"{report.title}\n{report.body}") for _, report in news.reports
        ]

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.told]


def test_an_end_in_time_is_no_news() -> None:
    story = Story(DRAGON)
    story.event("dragon.start", NOON)
    story.look(NOON + 2 * HOUR)
    story.event("dragon.end", NOON + 2 * HOUR)
    story.look(NOON + 9 * HOUR)
    assert story.told == []


def test_an_end_that_does_not_come_is_told_once_and_its_coming_after_all_too() -> None:
    story = Story(DRAGON)
    story.event("dragon.start", NOON)
    for hours in (3, 4, 5):
        story.look(NOON + hours * HOUR)
    assert story.events == [OVERDUE]
    assert "一条龙启动之后 3 小时，还没有等到一条龙结束" in story.told[0][1]
    story.event("dragon.end", NOON + 5 * HOUR)
    assert story.events == [OVERDUE, LATE]
    assert story.told[1][1] == "等到了一条龙结束\n比约定的时间晚了 2 小时"
    story.look(NOON + 20 * HOUR)
    assert story.events == [OVERDUE, LATE]


def test_a_new_start_begins_the_time_anew() -> None:
    story = Story(DRAGON)
    story.event("dragon.start", NOON)
    story.event("dragon.start", NOON + 2 * HOUR)
    story.look(NOON + 4 * HOUR)
    assert story.told == []
    story.look(NOON + 5 * HOUR)
    assert story.events == [OVERDUE]


def test_silence_since_the_morning_is_told_every_day_that_it_happens() -> None:
    story = Story(SILENCE)
    story.look(NOON)
    assert story.told == [], "it was set only now: nothing was expected this morning"
    morning = NOON - 6 * HOUR + 24 * HOUR
    story.look(morning + 1)
    story.event("domain.end", morning + HOUR)
    story.look(morning + 5 * HOUR)
    assert story.told == []
    for hours in (1, 4, 5):
        story.look(morning + 24 * HOUR + hours * HOUR)
    assert story.events == [OVERDUE]
    assert "每天 06:00" in story.told[0][1]


def test_what_was_missed_while_the_bot_was_off_is_told_when_it_is_back() -> None:
    story = Story(SILENCE)
    story.look(NOON)
    story.look(NOON + 24 * HOUR)
    assert story.events == [OVERDUE]


def test_only_the_named_tokens_reports_count() -> None:
    watch = DRAGON.model_copy(update={"token": ("alice",)})
    story = Story(watch)
    story.event("dragon.start", NOON, "bob")
    story.look(NOON + 9 * HOUR)
    story.event("dragon.start", NOON, "alice")
    story.event("dragon.end", NOON + HOUR, "bob")
    story.look(NOON + 9 * HOUR)
    assert story.events == [OVERDUE]


def test_everybodys_start_waits_for_their_own_end() -> None:
    story = Story(DRAGON)
    for source in ("master", "alice", "bind:10002"):
        story.event("dragon.start", NOON, source)
    story.event("dragon.end", NOON + HOUR, "master")
    story.event("dragon.end", NOON + HOUR, "bind:10002")
    story.look(NOON + 3 * HOUR)
    ((event, words),) = story.told
    assert event == OVERDUE
    assert "令牌 alice" in words
    story.event("dragon.end", NOON + 4 * HOUR, "alice")
    assert story.events == [OVERDUE, LATE]
    assert "令牌 alice" in story.told[1][1]


@pytest.mark.parametrize(
    ("token", "trusted", "heard"),
    [
        ((), ("alice",), True),
        ((), (), False),
        (("alice",), (), True),
        (("bob",), ("alice",), False),
    ],
)
def test_since_the_morning_nobody_hides_the_silence_of_a_tool_whose_owner_they_do_not_reach(
    token: tuple[str, ...], trusted: tuple[str, ...], heard: bool
) -> None:
    story = Story(SILENCE.model_copy(update={"token": token}), trusted=trusted)
    story.look(NOON)
    morning = NOON - 6 * HOUR + 24 * HOUR
    story.look(morning + 1)
    story.event("domain.end", morning + HOUR, "alice")
    story.look(morning + 5 * HOUR)
    assert story.events == ([] if heard else [OVERDUE])


def test_a_dead_mans_switch_rings_once_after_the_last_sign_of_life() -> None:
    story = Story(Watch.model_validate({"after": "*", "expect": "*", "within": "1h"}))
    for minutes in range(0, 300, 50):
        story.event("group.end", NOON + minutes * 60)
        story.look(NOON + minutes * 60 + 1)
    assert story.told == []
    story.look(NOON + 10 * HOUR)
    assert story.events == [OVERDUE]


@pytest.mark.parametrize(
    "wrong",
    [{"within": "3h"}, {"after": "a", "since": "06:00", "within": "3h"}, {"after": "a"},
     {"since": "6", "within": "1h"}, {"since": "06:00 Mars/Base", "within": "1h"}],
)  # fmt: skip
def test_a_watch_needs_one_beginning_and_a_time(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Watch.model_validate(wrong)


@pytest.mark.parametrize(
    "other",
    [{"within": "4h"}, {"to": "superusers"}, {"token": "bob"}, {"expect": "dragon.*"},
     {"after": "domain.start"}],
)  # fmt: skip
def test_watches_that_differ_in_anything_wait_each_for_itself(other: dict[str, str]) -> None:
    first = {"after": "*.start", "expect": "dragon.end", "within": "3h", "token": "alice,bob"}
    watches = [Watch.model_validate(first), Watch.model_validate(first | other)]
    states = arrived(watches, {}, "domain.start", "bob", NOON, anybody).changed
    news = passed(watches, states, NOON + 4 * HOUR)
    assert [watch for watch, _ in news.reports] == watches
    assert len({report.key for _, report in news.reports}) == 2


@pytest.mark.parametrize(
    ("watch", "event", "words"),
    [
        ({"after": "*.start", "expect": "*", "within": "1h"}, "加群 12345 领红包", "任何推送"),
        ({"after": "*.start", "expect": "x.*", "within": "1h"}, "x.http://evil", "x.*"),
        (
            {"after": "*.start", "expect": "x.*, dragon.*", "within": "1h"},
            "dragon.end",
            "一条龙结束",
        ),
    ],
)
def test_what_comes_late_is_told_in_no_words_of_whom_it_comes_from(
    watch: dict[str, str], event: str, words: str
) -> None:
    """It goes to superusers and groups that the token does not reach."""
    story = Story(Watch.model_validate(watch))
    story.event("a.start", NOON, "friend")
    story.look(NOON + 2 * HOUR)
    story.event(event, NOON + 3 * HOUR, "friend")
    assert story.told[-1] == (LATE, f"等到了{words}（令牌 friend）\n比约定的时间晚了 2 小时")


def test_what_is_remembered_of_a_watch_is_found_again_after_an_update() -> None:
    """By the name that version 0.1 gave it."""
    written = {"after": "dragon.start", "expect": "dragon.end, a*", "within": "3h", "to": "group:7",
               "token": "alice"}  # fmt: skip
    assert Watch.model_validate(written).name == "e647812c318183f5c493efdb42ec431f"
    daily = {"since": "06:00 Asia/Shanghai", "within": "4h"}
    assert Watch.model_validate(daily).name == "0d5f0b37a1d223d5e3b0fc1cf77e7fac"


EVENTS = st.sampled_from(["dragon.start", "dragon.end", "other", ""])


@given(st.sampled_from([DRAGON, SILENCE]),
       st.lists(st.tuples(st.floats(1, 5 * HOUR), EVENTS), max_size=30))  # fmt: skip
def test_overdue_and_late_take_turns(watch: Watch, steps: list[tuple[float, str]]) -> None:
    story, now = Story(watch), NOON
    for length, event in steps:
        now += length
        if event:
            story.event(event, now)
        story.look(now)
    for first, second in zip(story.events, story.events[1:], strict=False):
        assert (first, second) != (LATE, LATE)
    assert story.events.count(LATE) <= story.events.count(OVERDUE)


def test_where_a_watch_stands_is_told_for_each_token_that_it_waits_for() -> None:
    story = Story(DRAGON)
    says = "一条龙启动后 3 小时内要有一条龙结束"
    assert [one.description for one in standings([DRAGON], story.states)] == [says]
    story.event("dragon.start", NOON)
    story.event("dragon.start", NOON, "alice")
    story.event("dragon.end", NOON + HOUR, "master")
    story.look(NOON + 3 * HOUR)
    silent, waiting = standings([SILENCE, DRAGON], story.states)
    assert silent.description == "每天 06:00 Asia/Shanghai 后 4 小时内要有任何推送"
    assert silent.due_at is None
    assert waiting.description == f"{says}（令牌 alice）"
    assert (waiting.due_at, waiting.overdue) == (NOON + 3 * HOUR, True)
