"""Which rates of services are kept: not too fast for them, and no slower than must be."""

import asyncio

import pytest

from nonebot_plugin_report.senders import channel_class
from nonebot_plugin_report.senders.pace import Pace


@pytest.mark.parametrize(
    ("kind", "count", "period"),
    [
        ("telegram", 1, 1),
        ("telegram", 20, 60),
        ("wecom", 20, 60),
        ("dingtalk", 20, 60),
        ("feishu", 5, 1),
        ("feishu", 100, 60),
        ("wecomapp", 30, 60),
    ],
)
async def test_as_many_as_a_service_allows_go_in_its_period(
    kind: str, count: int, period: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "time", lambda: 1000.0)
    delays: list[float] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "sleep", sleep)
        pace = Pace(channel_class(kind).rates)
        for _ in range(3 * count):
            await pace.turn()
    times = [0.0] * (3 * count - len(delays)) + delays
    gaps = [later - at for at, later in zip(times, times[count:], strict=False)]
    assert min(gaps) == period
