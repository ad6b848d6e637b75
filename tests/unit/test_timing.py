"""Windows of the day, in time zones, across midnight and clock changes."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.model.timing import (
    DailyTime,
    DailyWindow,
    in_words,
    last_time,
    next_time,
    parse_time,
    parse_zone,
)

ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Sydney"])
TIMES = st.times().map(lambda one: time(one.hour, one.minute))
MOMENTS = st.floats(min_value=1_700_000_000, max_value=1_900_000_000)


def at(text: str, zone: str = "Asia/Shanghai") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("moment", "covered"),
    [("2026-11-23T22:59", False), ("2026-11-23T23:00", True), ("2026-11-24T00:00", True),
     ("2026-11-24T07:59", True), ("2026-11-24T08:00", False), ("2026-11-24T12:00", False)],
)  # fmt: skip
def test_a_window_goes_past_midnight(moment: str, *, covered: bool) -> None:
    assert DailyWindow.parse("23:00-08:00 Asia/Shanghai").covers(at(moment)) is covered


@pytest.mark.parametrize(
    ("moment", "covered"),
    [("2026-11-24T12:29", False), ("2026-11-24T12:30", True), ("2026-11-24T13:59", True),
     ("2026-11-24T14:00", False)],
)  # fmt: skip
def test_a_window_of_the_day_has_its_beginning_and_not_its_end(
    moment: str, *, covered: bool
) -> None:
    assert DailyWindow.parse("12:30-14:00 Asia/Shanghai").covers(at(moment)) is covered


def test_how_long_a_window_is() -> None:
    windows = ("12:30-14:00", "23:30-8:15", "8:00-8:00")
    assert [DailyWindow.parse(one).length / 60 for one in windows] == [90, 525, 1440]


def test_the_very_moment_is_the_last_and_not_the_next() -> None:
    six, zone = at("2026-11-24T06:00"), parse_zone("Asia/Shanghai")
    assert last_time(time(6), six, zone) == six
    assert next_time(time(6), six, zone) == six + 86400


def test_the_zone_decides_not_the_machine() -> None:
    moment = at("2026-11-23T23:30")
    assert DailyWindow.parse("23:00-08:00 Asia/Shanghai").covers(moment)
    assert not DailyWindow.parse("23:00-08:00 Europe/Berlin").covers(moment)


def test_a_window_ends_at_its_time_of_day_also_where_clocks_change_in_between() -> None:
    """On 2026-03-29 Berlin's clocks go from 02:00 to 03:00: that night is an hour shorter."""
    window = DailyWindow.parse("23:00-08:00 Europe/Berlin")
    begin = at("2026-03-28T23:00", "Europe/Berlin")
    assert window.end_after(begin) == at("2026-03-29T08:00", "Europe/Berlin")
    assert window.end_after(begin) - begin == 8 * 3600


def test_a_time_that_clocks_skip_comes_within_the_hour() -> None:
    moment = next_time(
        time(2, 30), at("2026-03-29T01:00", "Europe/Berlin"), parse_zone("Europe/Berlin")
    )
    assert 0 < moment - at("2026-03-29T01:00", "Europe/Berlin") <= 2 * 3600


def test_a_time_that_comes_twice_comes_once_a_day() -> None:
    """On 2026-10-25 it is 02:30 twice in Berlin."""
    zone = parse_zone("Europe/Berlin")
    first = next_time(time(2, 30), at("2026-10-25T00:00", "Europe/Berlin"), zone)
    assert next_time(time(2, 30), first, zone) == at("2026-10-26T02:30", "Europe/Berlin")


@given(TIMES, MOMENTS, ZONES)
def test_the_next_time_is_later_and_within_a_day_and_the_last_before_it(
    of_day: time, moment: float, zone_name: str
) -> None:
    zone = parse_zone(zone_name)
    following, last = next_time(of_day, moment, zone), last_time(of_day, moment, zone)
    assert last <= moment < following
    assert following - moment <= 26 * 3600
    assert moment - last <= 26 * 3600


@given(TIMES, TIMES, MOMENTS, ZONES)
def test_where_a_window_ends_it_no_longer_covers(
    start: time, end: time, moment: float, zone_name: str
) -> None:
    window = DailyWindow(start, end, parse_zone(zone_name))
    if start != end and window.covers(moment):
        after = window.end_after(moment)
        assert after > moment
        local = datetime.fromtimestamp(after, ZoneInfo(zone_name)).time()
        assert not window.covers(after) or local != end, "only a skipped time may still be within"


@pytest.mark.parametrize(
    "wrong", ["", "23:00", "23-8", "25:00-08:00", "23:60-08:00", "23:00-08:00 Mars/Base", "a-b"]
)
def test_what_is_no_window_is_refused_in_chinese(wrong: str) -> None:
    with pytest.raises(ValueError, match="应写成|应为"):
        DailyWindow.parse(wrong)


def test_chinese_signs_are_read_too() -> None:
    assert DailyWindow.parse("23：00～8:00") == DailyWindow(time(23), time(8))
    assert parse_time("24:00") == time(0)


@pytest.mark.parametrize(
    "text", ["23：00－08：00", " ２３:00 - 8：00 ", "23 : 00 至 08:00", "23:00\u3000–\u300008:00"]
)
@pytest.mark.parametrize("zone", ["", " Asia/Shanghai", "\u3000Asia/Shanghai ", "Asia/Shanghai"])
def test_windows_are_read_as_people_write_them(text: str, zone: str) -> None:
    read = DailyWindow.parse(text + zone)
    assert read == DailyWindow(time(23), time(8), parse_zone(zone.strip()))
    assert DailyWindow.parse(str(read)) == read


@pytest.mark.parametrize("text", ["06:00", "6：00", " ０６:００ "])
@pytest.mark.parametrize("zone", ["", " Asia/Shanghai"])
def test_times_of_the_day_are_read_as_people_write_them(text: str, zone: str) -> None:
    assert str(DailyTime.parse(text + zone)) == f"06:00{zone}"


@pytest.mark.parametrize(
    ("length", "words"),
    [(42, "42 秒"), (60, "1 分"), (42 * 60 + 10, "42 分"), (3 * 3600, "3 小时"),
     (3 * 3600 + 300, "3 小时 5 分"), (0, "0 秒")],
)  # fmt: skip
def test_durations_in_words(length: float, words: str) -> None:
    assert in_words(length) == words
