"""When something happened: whatever a tool writes, what was accepted is read back and shown."""

import json
import os
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Self
from urllib.parse import urlencode

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from nonebot_plugin_report.errors import Refused
from nonebot_plugin_report.model import timing
from nonebot_plugin_report.model.report import Report, dump, restore
from nonebot_plugin_report.model.timing import FIRST_YEAR, LAST_YEAR, read_timestamp
from nonebot_plugin_report.routing.template import compile_template
from nonebot_plugin_report.sources import base
from nonebot_plugin_report.sources.bodies.decode import decode
from nonebot_plugin_report.sources.bodies.form import decode_form
from nonebot_plugin_report.sources.body import read_report
from nonebot_plugin_report.sources.mapping import read_own_sources
from nonebot_plugin_report.sources.reader import Context
from tests.tools import ALERTMANAGER, KUMA_UP, REPOSITORY, SENDER

TEMPLATE = compile_template("{body}\n{timestamp}")
JANUARY = datetime(2026, 1, 22, 23, tzinfo=UTC)
UNSET = (
    "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+08:00",
    "0001-01-01T00:00:00-08:00", "9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00", "1601-01-01T00:00:00Z", "1899-12-30", "1969-12-31T16:00:00-08:00",
    "1970-01-01T00:00:00Z", "3001-01-01", 0, "0", -62135596800, 253402300799, -1.5,
)  # fmt: skip
"""How programs write that they have no time, and moments that not every system can convert."""
OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
WRITTEN = (
    st.sampled_from(UNSET)
    | st.datetimes(timezones=st.none() | OFFSETS).map(datetime.isoformat)
    | st.integers()
    | st.integers(-(10**19), 10**19)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,9})?", fullmatch=True)
    | st.text(max_size=70)
)


class WindowsDatetime(datetime):
    """Converts between zones as Windows does: https://github.com/python/cpython/issues/80620."""

    def astimezone(self, tz: tzinfo | None = None) -> Self:
        self._check()
        return super().astimezone(tz)

    def timestamp(self) -> float:
        self._check()
        return super().timestamp()

    @classmethod
    def fromtimestamp(cls, timestamp: float, tz: tzinfo | None = None) -> Self:
        if not 0 <= timestamp < 32_536_850_400:
            raise OSError(22, "Invalid argument")
        return super().fromtimestamp(timestamp, tz)

    def _check(self) -> None:
        if not 1970 <= self.year <= 3000:
            raise OSError(22, "Invalid argument")


@pytest.fixture(params=["Asia/Shanghai", "UTC", "America/Los_Angeles", "Windows"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    """This machine's time zone, and Windows' conversions."""
    windows = request.param == "Windows"
    monkeypatch.setenv("TZ", "Asia/Shanghai" if windows else request.param)
    time.tzset()
    if windows:
        for module in (timing, base):
            monkeypatch.setattr(module, "datetime", WindowsDatetime)
    yield request.param
    monkeypatch.undo()
    os.environ.pop("TZ", None)
    time.tzset()


def _alerts(written: object) -> dict[str, Any]:
    alert = {**ALERTMANAGER["alerts"][0], "status": "resolved"}
    return {
        **ALERTMANAGER,
        "status": "resolved",
        "alerts": [{**alert, "startsAt": written, "endsAt": written}],
    }


def _kuma(written: object) -> dict[str, Any]:
    beat = {**KUMA_UP["heartbeat"], "time": written, "lastDownTime": written}
    return {**KUMA_UP, "heartbeat": beat}


def _run(written: object) -> dict[str, Any]:
    names = ("run_started_at", "updated_at", "created_at")
    run = {"name": "CI", "conclusion": "failure", **dict.fromkeys(names, written)}
    beside = {"repository": REPOSITORY, "sender": SENDER}
    return {"action": "completed", "workflow_run": run, **beside}


def _of_json(fields: dict[str, Any], **query: str) -> Report:
    content = bytearray(json.dumps(fields).encode())
    own = read_own_sources({"mine": {"title": "t", "timestamp": "when"}})
    beside = Context(query, {}, {"x-github-event": "workflow_run"} if "sender" in fields else {})
    return read_report(content, decode=decode, beside=beside, own=own).report


def _of_form(written: object) -> Report:
    content = bytearray(
        urlencode({"content": "x", "timestamp": written}, errors="replace").encode()
    )
    return read_report(content, decode=decode_form, beside=Context({}, {}, {}), own={}).report


DOORS: dict[str, Callable[[Any], Report]] = {
    "JSON": lambda written: _of_json({"content": "x", "timestamp": written}),
    "form": _of_form,
    "MAA": lambda written: _of_json({"content": "x", "time": written}, source="maa"),
    "Alertmanager": lambda written: _of_json(_alerts(written)),
    "Grafana": lambda written: _of_json(_alerts(written) | {"orgId": 1, "title": "t"}),
    "Uptime Kuma": lambda written: _of_json(_kuma(written)),
    "GitHub": lambda written: _of_json(_run(written)),
    "REPORT_SOURCES": lambda written: _of_json({"t": "x", "when": written}, source="mine"),
}


@pytest.mark.parametrize("door", DOORS)
def test_what_any_door_accepts_is_read_back_and_shown(door: str, zone: str) -> None:
    @settings(max_examples=40)
    @given(WRITTEN)
    @example("9999-12-31T23:59:59Z")
    @example("0001-01-01T00:00:00+08:00")
    def check(written: object) -> None:
        try:
            report = DOORS[door](written)
        except Refused:
            assume(False)
            raise
        again = restore(dump(report).decode())
        assert again.timestamp == report.timestamp
        assert TEMPLATE.render(again)
        for at in (report.timestamp, again.timestamp):
            if isinstance(at, datetime):
                at.astimezone(UTC)
                at.timestamp()

    check()


@pytest.mark.parametrize("written", UNSET)
@pytest.mark.usefixtures("zone")
def test_a_time_that_is_not_set_is_no_time(written: object) -> None:
    report = DOORS["JSON"](written)
    assert (report.body, report.timestamp) == ("x", None)


@pytest.mark.parametrize(
    "stored",
    ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+08:00", "1969-12-31 16:00:00-08:00",
     "0001-01-01 00:00:00+08:05:43", "1769122800000"],
)  # fmt: skip
@pytest.mark.usefixtures("zone")
def test_a_report_that_an_older_version_stored_is_read(stored: str) -> None:
    report = restore(json.dumps({"content": "x", "timestamp": stored}))
    assert report.content == "x"
    assert not isinstance(report.timestamp, datetime) or report.timestamp.year == JANUARY.year


@pytest.mark.parametrize(
    "written",
    ["2026-01-22T23:00:00Z", 1769122800, "1769122800", 1769122800000, "1769122800000",
     "1769122800000000", "1769122800000000000", " 1769122800 ", "1769122800.000", 1769122800.0],
)  # fmt: skip
@pytest.mark.parametrize("door", ["JSON", "form", "MAA", "REPORT_SOURCES"])
@pytest.mark.usefixtures("zone")
def test_a_unix_time_is_the_moment_that_it_is(door: str, written: object) -> None:
    assert DOORS[door](written).timestamp == JANUARY


@pytest.mark.parametrize(
    "written", ["176912280", "17691228000", "20260122153000", "1.769e9", "12345678901234567890"]
)
def test_other_digits_are_shown_as_they_are(written: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_timestamp(written)
    assert DOORS["JSON"](written).timestamp == written


def test_a_day_in_digits_is_a_day() -> None:
    at = read_timestamp("20260122")
    assert at is not None
    assert (at.year, at.month, at.day) == (2026, 1, 22)


@pytest.mark.parametrize("year", [FIRST_YEAR - 1, FIRST_YEAR, LAST_YEAR, LAST_YEAR + 1])
@pytest.mark.usefixtures("zone")
def test_the_years_of_a_timestamp_have_their_bounds(year: int) -> None:
    inside = FIRST_YEAR <= year <= LAST_YEAR
    assert (read_timestamp(f"{year}-07-01T12:00:00+08:00") is not None) is inside
    unix = datetime(year, 7, 1, tzinfo=UTC).timestamp()
    assert (read_timestamp(unix) is not None) is inside
