"""What follows from an outcome: every one of them, with the random number given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.model.delivery import (
    Away,
    Delivered,
    NotSent,
    Outcome,
    Rejected,
    State,
    Unknown,
)
from nonebot_plugin_report.outbox.retry import (
    ASIDE_AFTER,
    FIRST_DELAY,
    LONGEST_DELAY,
    MAX_REFUSALS,
    REFUSED_FOR,
    REPEAT_DELAYS,
    REPEAT_SPREAD,
    Decision,
    Finish,
    Park,
    Retry,
    StepAside,
)
from nonebot_plugin_report.outbox.retry import decide as decide_after

MOST = 0.999999
"""As large as the random number gets, nearly."""


def decide(outcome: Outcome, attempts: int, failures: int, jitter: float) -> Decision:
    """What follows when the first attempt was long ago."""
    return decide_after(outcome, attempts, failures, jitter, tried_for=REFUSED_FOR)


def test_what_arrived_is_over_and_its_note_is_kept() -> None:
    assert decide(Delivered("没有图片"), 1, 1, 0.5) == Finish(State.DELIVERED, "没有图片")


@pytest.mark.parametrize("attempts", [1, MAX_REFUSALS, 100])
def test_what_was_refused_for_good_is_over_at_once(attempts: int) -> None:
    assert decide(Rejected("不在群里"), attempts, 1, 0.5) == Finish(State.REJECTED, "不在群里")


def test_without_a_bot_it_waits_for_one() -> None:
    assert decide(Away("没有连接"), 100, 100, 0.5) == Park("没有连接")


def test_where_nothing_tells_that_it_works_again_it_waits_no_less_than_it_must() -> None:
    muted = Away("被禁言", 300.0)
    assert decide(muted, 100, 100, 0.0) == Park("被禁言", 300.0)
    later = decide(muted, 1, 1, MOST)
    assert isinstance(later, Park)
    assert later.delay is not None
    assert 300.0 < later.delay < 600.0


def test_each_wait_is_twice_the_last_up_to_the_longest() -> None:
    for failures in (1, 2, 3, 50, 1000):
        full = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures - 1))
        assert decide(NotSent("x"), 1, failures, 0.0) == Retry(full / 2, "x", repeated=False)
        spread = decide(NotSent("x"), 1, failures, MOST)
        assert isinstance(spread, Retry)
        assert full / 2 < spread.delay < full


def test_what_may_have_arrived_is_repeated_three_times_and_then_nobody_knows() -> None:
    for repeats, delay in enumerate(REPEAT_DELAYS):
        assert after_unknown(repeats, 0.0) == Retry(delay, "没有回答", repeated=True)
        later = after_unknown(repeats, MOST)
        assert isinstance(later, Retry)
        assert delay < later.delay < delay * (1 + REPEAT_SPREAD)
    for repeats in (len(REPEAT_DELAYS), 1000):
        end = after_unknown(repeats, 0.5)
        assert isinstance(end, Finish)
        assert end.state is State.UNCONFIRMED
        assert "没有回答" in end.reason


def after_unknown(repeats: int, jitter: float) -> Decision:
    """What follows when nobody knows, after so many attempts of which nobody does."""
    return decide_after(Unknown("没有回答"), 99, 99, jitter, tried_for=9.0, repeats=repeats)


def test_it_goes_on_however_often_it_failed() -> None:
    assert decide(NotSent("x"), 1, 10**9, 0.0) == Retry(LONGEST_DELAY / 2, "x", repeated=False)


def test_it_waits_as_long_as_the_service_asked_and_no_less_than_it_would_have() -> None:
    asked = decide(NotSent("太快", retry_after=77.0), 1, 1, 0.0)
    assert asked == Retry(77.0, "太快", repeated=False)
    too_soon = decide(NotSent("太快", retry_after=0.1), 1, 1, 0.0)
    assert too_soon == Retry(FIRST_DELAY / 2, "太快", repeated=False)


def test_a_failure_without_a_cause_is_given_up_at_the_last_try_with_how_often_it_was() -> None:
    refusal = NotSent("retcode 1200", answered=True)
    assert isinstance(decide(refusal, MAX_REFUSALS - 1, 1, 0.5), Retry)
    assert decide(refusal, MAX_REFUSALS, 1, 0.5) == Finish(
        State.REJECTED, f"试了 {MAX_REFUSALS} 次都被拒绝：retcode 1200"
    )


def test_a_failure_without_a_cause_is_not_given_up_before_a_quarter_of_an_hour() -> None:
    refusal = NotSent("网络连接异常", answered=True)
    early = decide_after(refusal, 100, 10, 0.5, tried_for=REFUSED_FOR - 60.0)
    assert early == Retry(60.0, "网络连接异常", repeated=False), "and no later than then"
    assert isinstance(decide_after(refusal, 100, 10, 0.5, tried_for=REFUSED_FOR), Finish)


def test_a_service_that_cannot_be_reached_is_tried_for_as_long_as_it_takes() -> None:
    assert isinstance(decide(NotSent("连不上"), 1000, 1000, 0.5), Retry)


def test_in_qqs_lanes_it_steps_aside_after_a_minute_and_is_given_up_as_late_as_elsewhere() -> None:
    def after(seconds: float, attempts: int = 3) -> Decision:
        return decide_after(
            NotSent("1200", answered=True), attempts, 6, 0.5, tried_for=seconds, may_step_aside=True
        )

    assert after(ASIDE_AFTER - 5.0) == Retry(5.0, "1200", repeated=False), "and no later than then"
    assert after(ASIDE_AFTER) == StepAside(FIRST_DELAY * 2**2 * 0.75, "1200")
    assert after(REFUSED_FOR - 7.0, 100) == StepAside(7.0, "1200")
    assert isinstance(after(REFUSED_FOR, MAX_REFUSALS), Finish)


def test_what_nobody_answered_does_not_step_aside() -> None:
    decision = decide_after(NotSent("x"), 9, 9, 0.5, tried_for=500.0, may_step_aside=True)
    assert isinstance(decision, Retry)


OUTCOMES = st.one_of(
    st.builds(NotSent, st.just("x"), st.none() | st.floats(0, 86400), st.booleans()),
    st.just(Unknown("x")),
)


@given(OUTCOMES, st.integers(1, 10**6), st.integers(1, 10**6), st.floats(0, MOST))
def test_no_wait_is_longer_than_the_longest_or_what_was_asked(
    outcome: NotSent | Unknown, attempts: int, failures: int, jitter: float
) -> None:
    asked = (outcome.retry_after or 0.0) if isinstance(outcome, NotSent) else 0.0
    match decide(outcome, attempts, failures, jitter):
        case Retry(delay, reason, repeated):
            assert 0 < delay <= max(LONGEST_DELAY, asked)
            assert reason == "x"
            assert repeated == isinstance(outcome, Unknown)
        case Finish(state):
            assert state is State.REJECTED
            assert attempts >= MAX_REFUSALS
        case Park() | StepAside():
            raise AssertionError("nobody is away, and nobody may go before it")
