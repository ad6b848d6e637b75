"""Tokens and wrong tries."""

import hmac

import pytest

from nonebot_plugin_report.access.gate import (
    BURST,
    MAX_ADDRESSES,
    MAX_TOKEN,
    OVERALL_BURST,
    OVERALL_REFILL_SECONDS,
    REFILL_SECONDS,
    Gate,
    digest,
)
from nonebot_plugin_report.errors import Forbidden, TooManyAttempts
from nonebot_plugin_report.model.grant import MASTER, Grant


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def gate_of(token: str, clock: Clock | None = None) -> Gate:
    return Gate({digest(token): MASTER}, open=False, clock=clock or Clock())


def exhaust(gate: Gate, address: str) -> None:
    for _ in range(BURST):
        with pytest.raises(Forbidden):
            gate.admit("wrong", address)


@pytest.mark.parametrize("token", ["right", " right", "right\n", "\tright\r\n"])
def test_blanks_around_a_token_do_not_matter(token: str) -> None:
    assert gate_of("right").admit(token, "10.0.0.1").is_master


@pytest.mark.parametrize("token", [None, "", "wrong", "righ", "right-", "ri ght", "\ud800", "令牌"])
def test_only_the_right_token_is_let_in(token: str | None) -> None:
    gate = gate_of("right")
    gate.admit("right", "10.0.0.1")
    with pytest.raises(Forbidden):
        gate.admit(token, "10.0.0.1")


def test_a_token_that_is_no_ascii_works() -> None:
    gate_of("令牌").admit("令牌", "10.0.0.1")


def test_no_token_lets_everybody_in() -> None:
    gate = Gate({}, open=True, clock=Clock())
    assert gate.admit(None, "10.0.0.1") is MASTER


def test_each_token_has_its_own_grant() -> None:
    alice = Grant("alice", frozenset())
    gate = Gate({digest("a"): alice, digest("right"): MASTER}, open=False, clock=Clock())
    assert gate.admit("a", "10.0.0.1") is alice
    assert gate.admit("right", "10.0.0.1") is MASTER


def test_an_address_that_guesses_is_slowed_and_told_for_how_long() -> None:
    clock = Clock()
    gate = gate_of("right", clock)
    exhaust(gate, "10.0.0.1")
    with pytest.raises(TooManyAttempts) as slowed:
        gate.admit("wrong", "10.0.0.1")
    with pytest.raises(Forbidden):
        gate.admit("wrong", "10.0.0.2")
    clock.now += slowed.value.retry_after
    with pytest.raises(Forbidden):
        gate.admit("wrong", "10.0.0.1")


@pytest.mark.parametrize("address", ["127.0.0.1", "172.17.0.1", "2001:db8::1", "unknown"])
def test_a_right_token_passes_whatever_its_neighbours_do(address: str) -> None:
    gate = gate_of("right")
    exhaust(gate, address)
    with pytest.raises(TooManyAttempts):
        gate.admit("wrong", address)
    gate.admit("right", address)


def test_a_missing_token_is_no_guess() -> None:
    gate = gate_of("right")
    for _ in range(BURST * 2):
        with pytest.raises(Forbidden):
            gate.admit(None, "10.0.0.1")
    with pytest.raises(Forbidden):
        gate.admit("wrong", "10.0.0.1")


def test_who_guesses_from_many_addresses_is_slowed_too() -> None:
    clock = Clock()
    gate = gate_of("right", clock)
    for number in range(OVERALL_BURST):
        with pytest.raises(Forbidden):
            gate.admit("wrong", f"10.0.{number >> 8}.{number & 255}")
    with pytest.raises(TooManyAttempts):
        gate.admit("wrong", "10.9.9.9")
    gate.admit("right", "10.9.9.9")
    clock.now += OVERALL_REFILL_SECONDS
    with pytest.raises(Forbidden):
        gate.admit("wrong", "10.9.9.9")


def test_tries_come_back_with_time() -> None:
    clock = Clock()
    gate = gate_of("right", clock)
    exhaust(gate, "10.0.0.1")
    clock.now += REFILL_SECONDS
    with pytest.raises(Forbidden):
        gate.admit("wrong", "10.0.0.1")
    with pytest.raises(TooManyAttempts):
        gate.admit("wrong", "10.0.0.1")


def test_one_ipv6_subscriber_is_one_address() -> None:
    gate = gate_of("right")
    exhaust(gate, "2001:db8::1")
    with pytest.raises(TooManyAttempts):
        gate.admit("wrong", "2001:db8::ffff")
    with pytest.raises(Forbidden):
        gate.admit("wrong", "2001:db8:0:1::1")


def test_memory_is_bounded() -> None:
    clock = Clock()
    gate = gate_of("right", clock)
    for number in range(MAX_ADDRESSES + 50):
        clock.now += OVERALL_REFILL_SECONDS
        with pytest.raises(Forbidden):
            gate.admit("wrong", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(gate._by_address) == MAX_ADDRESSES  # pyright: ignore[reportPrivateUsage] - what it keeps is the promise


def test_an_address_of_ipv4_is_the_same_in_its_ipv6_form() -> None:
    gate = gate_of("right")
    exhaust(gate, "10.0.0.1")
    with pytest.raises(TooManyAttempts):
        gate.admit("wrong", "::ffff:10.0.0.1")
    with pytest.raises(Forbidden):
        gate.admit("wrong", "::ffff:10.0.0.2")


def test_without_a_token_set_everybody_is_let_in() -> None:
    gate = Gate({}, open=True, clock=Clock())
    assert gate.admit(None, "10.0.0.1") is MASTER


# ── signatures ────────────────────────────────────────────────────────────────────────────────────


def sign(body: bytes, secret: str) -> str:
    return f"sha256={hmac.new(secret.encode(), body, 'sha256').hexdigest()}"


def test_a_signature_is_known_by_each_token_of_the_settings() -> None:
    gate = Gate({}, open=False, clock=Clock(), secrets=("right", "令牌"))
    for secret in ("right", "令牌"):
        assert gate.signer(b"body", sign(b"body", secret), None) == secret
    assert gate.signer(b"body", sign(b"body", "bound"), "bound") == "bound", "it is in the URL"


@pytest.mark.parametrize(
    "signature",
    [
        sign(b"body", "wrong"), sign(b"other", "right"), "", "sha256=", "令牌", "\ud800",
        sign(b"body", "right").upper(), sign(b"body", "right").removeprefix("sha256="),
    ],
)  # fmt: skip
def test_a_wrong_signature_is_nobodys(signature: str) -> None:
    gate = Gate({}, open=False, clock=Clock(), secrets=("right", ""))
    assert gate.signer(b"body", signature, None) is None
    assert gate.signer(b"body", sign(b"body", ""), "") is None, "nothing is no secret"


def test_wrong_signatures_count_as_wrong_tokens() -> None:
    gate = gate_of("right")
    for _ in range(BURST):
        assert isinstance(gate.wrong("10.0.0.1", "why"), Forbidden)
    with pytest.raises(TooManyAttempts):
        gate.wrong("10.0.0.1", "why")


def test_a_token_is_recognized_among_words_and_one_of_any_length_is_not_read() -> None:
    gate = gate_of("right")
    assert gate.recognizes("right")
    assert not gate.recognizes("wrong")
    long = "x" * (MAX_TOKEN + 1)
    assert gate_of(long[:-1]).find(long[:-1]) is MASTER
    assert gate_of(long).find(long) is None
