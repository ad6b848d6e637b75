"""The bounds of a day on the page, in this machine's time zone."""

import time
from collections.abc import Iterator

import pytest

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.web.page.history import day_bounds

ZONES = ["Asia/Shanghai", "UTC", "America/Los_Angeles", "Pacific/Kiritimati"]


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as changed:
        changed.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("day", ["1971-01-01", "2026-11-30", "2999-12-31"])
def test_a_day_lasts_from_midnight_to_midnight(day: str) -> None:
    since, until = day_bounds(day)
    assert time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since)) == f"{day} 00:00:00"
    assert time.strftime("%H:%M:%S", time.localtime(until)) == "00:00:00"
    assert 23 <= (until - since) / 3600 <= 25


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "1970-12-31", "3000-01-01",
                                 "9999-12-31"])  # fmt: skip
def test_a_day_that_some_system_cannot_convert_has_no_moment(day: str) -> None:
    since, until = day_bounds(day)
    assert since == until


@pytest.mark.parametrize("day", ["x", "2026-02-30", "2026-11", "10000-01-01", "-001-01-01"])
def test_what_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(InvalidReport, match="day"):
        day_bounds(day)
