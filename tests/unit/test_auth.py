"""Tokens and wrong tries."""

import pytest

from nonebot_plugin_report.auth import BURST, MAX_ADDRESSES, REFILL_SECONDS, Gate
from nonebot_plugin_report.errors import Forbidden, TooManyAttempts


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def exhaust(gate: Gate, address: str) -> None:
    for _ in range(BURST):
        with pytest.raises(Forbidden):
            gate.admit("wrong", address)


@pytest.mark.parametrize("token", [None, "", "wrong", "righ", "right ", "\ud800", "令牌"])
def test_only_the_right_token_is_let_in(token: str | None) -> None:
    gate = Gate("right", Clock())
    gate.admit("right", "10.0.0.1")
    with pytest.raises(Forbidden):
        gate.admit(token, "10.0.0.1")


def test_a_token_that_is_no_ascii_works() -> None:
    Gate("令牌", Clock()).admit("令牌", "10.0.0.1")


def test_no_token_lets_everybody_in() -> None:
    Gate(None, Clock()).admit(None, "10.0.0.1")


def test_an_address_that_guesses_is_slowed_and_told_for_how_long() -> None:
    clock = Clock()
    gate = Gate("right", clock)
    exhaust(gate, "10.0.0.1")
    with pytest.raises(TooManyAttempts) as slowed:
        gate.admit("right", "10.0.0.1")
    gate.admit("right", "10.0.0.2")
    clock.now += slowed.value.retry_after
    gate.admit("right", "10.0.0.1")


def test_a_right_token_of_this_machine_passes_whatever_its_neighbours_do() -> None:
    gate = Gate("right", Clock())
    exhaust(gate, "127.0.0.1")
    with pytest.raises(TooManyAttempts):
        gate.admit("wrong", "127.0.0.1")
    gate.admit("right", "127.0.0.1")


def test_tries_come_back_with_time() -> None:
    clock = Clock()
    gate = Gate("right", clock)
    exhaust(gate, "10.0.0.1")
    clock.now += REFILL_SECONDS
    with pytest.raises(Forbidden):
        gate.admit("wrong", "10.0.0.1")
    with pytest.raises(TooManyAttempts):
        gate.admit("wrong", "10.0.0.1")


def test_one_ipv6_subscriber_is_one_address() -> None:
    gate = Gate("right", Clock())
    exhaust(gate, "2001:db8::1")
    with pytest.raises(TooManyAttempts):
        gate.admit("right", "2001:db8::ffff")
    gate.admit("right", "2001:db8:0:1::1")


def test_memory_is_bounded() -> None:
    gate = Gate("right", Clock())
    for number in range(MAX_ADDRESSES + 50):
        with pytest.raises(Forbidden):
            gate.admit("wrong", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(gate._tries) == MAX_ADDRESSES  # pyright: ignore[reportPrivateUsage] - what it keeps is the promise
