"""The last refused pushes, as their owner sees them."""

import pytest

from nonebot_plugin_report.errors import (
    BodyTooLarge,
    Busy,
    Forbidden,
    InvalidReport,
    Refused,
    StoreUnavailable,
    TooManyAttempts,
    UnsupportedMedia,
)
from nonebot_plugin_report.hub.refused_pushes import (
    MAX_CLIENT,
    MAX_REASON,
    MAX_REFUSALS,
    TELL_SECONDS,
    RefusedPushes,
)
from nonebot_plugin_report.model.grant import MASTER, Grant
from nonebot_plugin_report.web.refusals import is_this_machine

TOKEN = "right-token"
BOUND_TOKEN = "k" * 24
FAULT = InvalidReport("content", "没有可以发送的内容")
FRIEND = Grant("friend", frozenset())


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_only_the_last_ones_are_remembered_the_newest_first() -> None:
    clock = Clock()
    refused = RefusedPushes(clock, [TOKEN])
    for number in range(MAX_REFUSALS + 5):
        clock.now = float(number)
        refused.add(FAULT, f"tool/{number}", "127.0.0.1", MASTER)
    assert [one.at for one in refused.all()] == list(map(float, reversed(range(5, 25))))
    newest = refused.all()[0]
    assert newest.client == "tool/24（127.0.0.1）"
    assert newest.reason == str(FAULT)
    assert newest.token == "master"


def test_neither_a_token_nor_a_long_name_of_a_client_is_shown() -> None:
    refused = RefusedPushes(Clock(), [TOKEN])
    client = f"{TOKEN} {BOUND_TOKEN} \x1b[1m" + "x y " * 1000
    refusal = refused.add(InvalidReport("a", "b" * 5000), client, "10.0.0.1", None)
    assert TOKEN not in refusal.client
    assert BOUND_TOKEN not in refusal.client
    assert "\x1b" not in refusal.client
    assert len(refusal.client) <= MAX_CLIENT + len("（10.0.0.1）")
    assert len(refusal.reason) == MAX_REASON
    assert refused.add(FAULT, "", "10.0.0.1", None).client == "10.0.0.1"


def test_the_owner_of_a_token_is_told_once_an_hour() -> None:
    clock = Clock()
    refused = RefusedPushes(clock, [])
    told = [refused.should_tell(FAULT, grant) for grant in (MASTER, MASTER, FRIEND)]
    assert told == [True, False, True]
    clock.now += TELL_SECONDS
    assert refused.should_tell(FAULT, MASTER)
    clock.now -= 3 * TELL_SECONDS  # the clock was set back
    assert refused.should_tell(FAULT, MASTER)


@pytest.mark.parametrize(
    ("error", "tells"),
    [(FAULT, True), (UnsupportedMedia(), True), (BodyTooLarge(), True), (Forbidden("x"), False),
     (TooManyAttempts(1), False), (Busy(), False), (StoreUnavailable("x"), False)],
)  # fmt: skip
def test_only_what_cannot_be_read_is_told(error: Refused, *, tells: bool) -> None:
    assert RefusedPushes(Clock(), []).should_tell(error, MASTER) == tells


@pytest.mark.parametrize(
    ("address", "own"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True),
     ("10.0.0.1", False), ("unknown", False), ("", False)],
)  # fmt: skip
def test_this_machine_is_known_by_its_address(address: str, *, own: bool) -> None:
    assert is_this_machine(address) == own
