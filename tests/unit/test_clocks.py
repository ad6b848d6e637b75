"""The clocks of OneBot implementations, by what their events tell."""

from nonebot_plugin_report.senders.qq.clocks import KEPT_SECONDS, Clocks

NOW = 1_790_000_000.0


def test_a_bot_that_told_nothing_has_no_clock() -> None:
    clocks = Clocks()
    clocks.heard("2", NOW, 5.0, by_qq=True)
    assert clocks.read("1", 5.0) is None
    clocks.forget("2")
    assert clocks.read("2", 5.0) is None


def test_qqs_own_time_counts_before_that_of_a_heartbeat() -> None:
    clocks = Clocks()
    clocks.heard("1", NOW, 5.0, by_qq=False)
    assert clocks.read("1", 7.0) == NOW + 2.0
    clocks.heard("1", NOW + 15.0, 5.0, by_qq=True)
    assert clocks.read("1", 7.0) == NOW + 17.0


def test_an_event_that_was_long_on_its_way_tells_nothing_for_a_while() -> None:
    clocks = Clocks()
    clocks.heard("1", NOW, 5.0, by_qq=True)
    clocks.heard("1", NOW - 3600.0, 6.0, by_qq=True)
    assert clocks.read("1", 6.0) == NOW + 1.0
    clocks.heard("1", NOW - 3600.0, 6.0 + KEPT_SECONDS, by_qq=True)
    assert clocks.read("1", 6.0 + KEPT_SECONDS) == NOW - 3600.0, "the clock was set"
    clocks.heard("1", NOW, 7.0 + KEPT_SECONDS, by_qq=True)
    assert clocks.read("1", 7.0 + KEPT_SECONDS) == NOW
