"""What stands in the log of reports that go to nobody."""

from nonebot_plugin_report.hub.receipt_log import LINES, LOG_SECONDS, ReceiptLog
from nonebot_plugin_report.model.status import Receipt


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_client_that_repeats_itself_writes_no_flood(lines: list[str]) -> None:
    clock = Clock()
    log = ReceiptLog(clock)
    log.add(Receipt("a", "accepted", ()), "")
    for _ in range(LINES + 7):
        log.add(Receipt("a", "duplicate", ()), "")
    assert lines == ["a 又来了一次，不再发送"] * LINES
    clock.now += LOG_SECONDS
    log.add(Receipt("b", "dropped", ()), "静音")
    assert lines[LINES:] == ["另有 7 条推送不用发送，没有逐条写出", "b 没有发给谁：静音"]
