"""What the doctor thinks of the computer."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from nonebot_plugin_report.config import Config
from nonebot_plugin_report.doctor.findings import clock, disk, without_superusers

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


CHANNELS = {"phone": {"type": "bark", "device_key": "k" * 22}}


@pytest.mark.parametrize(
    ("defaults", "refused"),
    [
        ({}, True),
        ({"report_default_targets": ["superusers"]}, True),
        ({"report_default_targets": ["channel:phone"]}, False),
        ({"report_default_targets": ["me"], "report_aliases": {"me": "group:777"}}, False),
    ],
)
def test_without_superusers_only_who_has_no_other_default_is_told_of_refused_pushes(
    defaults: dict[str, Any], refused: bool
) -> None:
    finding = without_superusers(Config.model_validate({"report_channels": CHANNELS, **defaults}))
    assert finding.level == "提醒"
    assert ("422" in finding.text) == refused
