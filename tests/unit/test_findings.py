"""What the doctor thinks of the computer."""

from datetime import UTC, datetime, timedelta, timezone

from nonebot_plugin_report.web.findings import clock, disk

CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_little_free_space_is_told_and_none_is_a_fault() -> None:
    assert [one.level for one in disk(10 * 2**30)] == []
    assert [one.level for one in disk(300 * 2**20)] == ["提醒"]
    (finding,) = disk(20 * 2**20)
    assert (finding.level, "只剩 20 MB" in finding.text) == ("错误", True)


def test_a_clock_before_this_program_is_wrong_and_utc_is_told() -> None:
    assert list(clock(NOW.timestamp(), NOW.astimezone(CHINA))) == []
    (finding,) = clock(NOW.timestamp(), NOW)
    assert "时区是 UTC" in finding.text
    (finding,) = clock(0.0, datetime.fromtimestamp(0, CHINA))
    assert (finding.level, "1970-01-01" in finding.text) == ("错误", True)
