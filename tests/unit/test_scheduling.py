"""When what waits goes out, and what of it together."""

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.model.delivery import Delivery, Handling, Priority
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.scheduling import MANY, MERGED, Policy, Send, Wait, plan
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.model.timing import DailyWindow

NIGHT = DailyWindow.parse("23:00-08:00 Asia/Shanghai")
NOON = datetime(2026, 11, 24, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
MIDNIGHT = NOON - 12 * 3600
MORNING = MIDNIGHT + 8 * 3600


def held(created_at: float, priority: Priority, held_until: float = 0.0) -> Delivery:
    lane = Lane(Target("private", "10001"))
    return Delivery(
        "", "", lane, Message(""), created_at=created_at, handling=Handling(priority, held_until)
    )


def normal(*ages: float, now: float = NOON) -> list[Delivery]:
    return [held(now - age, Priority.NORMAL) for age in ages]


def decide(
    waiting: list[Delivery], policy: Policy, now: float = NOON, sent: tuple[float, ...] = (), *,
    limited: bool = False,
) -> Send | Wait | None:  # fmt: skip
    return plan(waiting, policy, now, sent, limited=limited)


def test_without_a_policy_each_goes_out_alone_in_order() -> None:
    assert decide([], Policy()) is None
    assert decide(normal(90000, 2, 1, 1, 1, 1, 1), Policy()) == Send((0,))


def test_at_night_it_waits_for_the_morning_but_for_what_is_urgent() -> None:
    asleep = decide(normal(0, now=MIDNIGHT), Policy(quiet=NIGHT), MIDNIGHT)
    assert asleep == Wait(MORNING, "免打扰时段")
    urgent = [held(MIDNIGHT, Priority.URGENT), *normal(60, now=MIDNIGHT)]
    assert decide(urgent, Policy(quiet=NIGHT), MIDNIGHT) == Send((0,))


def test_in_the_morning_all_of_the_night_comes_as_one_digest() -> None:
    waiting = normal(3600, 60, now=MORNING)
    assert decide(waiting, Policy(quiet=NIGHT), MORNING) == Send((0, 1), digest=True)


def test_a_single_one_of_the_night_comes_as_itself() -> None:
    assert decide(normal(3600, now=MORNING), Policy(quiet=NIGHT), MORNING) == Send((0,))


def test_who_is_muted_gets_nothing_until_then_and_then_a_digest() -> None:
    policy = Policy(muted_until=NOON + 60)
    assert decide(normal(5), policy) == Wait(NOON + 60, "已静音")
    assert decide(normal(90, 70), policy, NOON + 60) == Send((0, 1), digest=True)


def test_the_later_of_mute_and_night_counts() -> None:
    policy = Policy(quiet=NIGHT, muted_until=MORNING + 3600)
    assert decide(normal(0, now=MIDNIGHT), policy, MIDNIGHT) == Wait(MORNING + 3600, "已静音")


def test_merging_waits_for_company_then_sends_all_words() -> None:
    policy = Policy(merge=10)
    assert decide(normal(4, 1), policy) == Wait(NOON + 6, "等待与后面的推送合并")
    assert decide(normal(10, 1), policy) == Send((0, 1))
    assert decide(normal(*[20] * 50), policy) == Send(tuple(range(MERGED)))


def test_over_the_rate_it_waits_for_room_and_comes_as_a_digest() -> None:
    policy = Policy(rate=(2, 3600))
    sent = (NOON - 3000, NOON - 100)
    wait = decide(normal(5, 4), policy, sent=sent)
    assert isinstance(wait, Wait)
    assert (wait.until, wait.limits) == (NOON + 600, True)
    assert decide(normal(5, 4), policy, NOON + 600, sent, limited=True) == Send((0, 1), digest=True)


def test_after_a_long_absence_a_backlog_is_a_digest_and_a_few_are_not() -> None:
    policy = Policy(absence=3600)
    assert decide(normal(*[4000] * MANY), policy) == Send(tuple(range(MANY)), digest=True)
    assert decide(normal(*[4000] * (MANY - 1)), policy) == Send((0,))
    assert decide(normal(*[3000] * MANY), policy) == Send((0,))


def test_what_exceeded_its_tokens_rate_waits_and_goes_as_a_digest() -> None:
    bulk = [held(NOON - 5, Priority.BULK, NOON + 60), held(NOON - 4, Priority.BULK, NOON + 60)]
    wait = decide(bulk, Policy())
    assert isinstance(wait, Wait)
    assert wait.until == NOON + 60
    assert decide(bulk, Policy(), NOON + 60) == Send((0, 1), digest=True)
    assert decide([*normal(1), *bulk], Policy()) == Send((0,)), "others do not wait for it"


def test_what_is_for_a_later_time_lets_others_pass_and_then_goes_as_any_other() -> None:
    timed = [held(NOON - 9, Priority.TIMED, NOON + 60), held(NOON - 8, Priority.TIMED, NOON + 30)]
    assert decide(timed, Policy()) == Wait(NOON + 30, "定时")
    assert decide([*normal(1), *timed], Policy()) == Send((0,))
    assert decide(timed, Policy(), NOON + 30) == Send((1,))
    bulk = held(NOON - 5, Priority.BULK, NOON + 20)
    assert decide([bulk, *timed], Policy()) == Wait(NOON + 20, "等到可以合成摘要")


HELD = st.builds(
    held,
    st.floats(NOON - 90000, NOON),
    st.sampled_from(Priority),
    st.floats(NOON - 3600, NOON + 3600),
)
POLICIES = st.builds(
    Policy,
    st.sampled_from([None, NIGHT]),
    st.floats(NOON - 9000, NOON + 9000),
    st.sampled_from([0.0, 5.0, 60.0]),
    st.sampled_from([None, (1, 60.0), (3, 3600.0)]),
    st.sampled_from([0.0, 3600.0]),
)


@given(st.lists(HELD, max_size=12), POLICIES, st.lists(st.floats(NOON - 7200, NOON), max_size=3),
       st.floats(NOON, NOON + 90000), st.booleans())  # fmt: skip
def test_time_lets_everything_out_in_the_end(
    waiting: list[Delivery], policy: Policy, sent: list[float], now: float, limited: bool
) -> None:
    """Whatever the policy: each step sends something or waits for a later moment."""
    queue = sorted(waiting, key=lambda one: (one.handling.priority, one.created_at))
    history = sorted(sent)
    for _ in range(200):
        match plan(queue, policy, now, history, limited=limited):
            case None:
                assert queue == []
                return
            case Send(chosen):
                assert chosen
                assert len(set(chosen)) == len(chosen)
                queue = [one for index, one in enumerate(queue) if index not in chosen]
                history = [*history, now][-3:]
                limited = False
            case Wait(until, reason, limits):
                assert until > now
                assert reason
                assert all(one.handling.priority is not Priority.URGENT for one in queue)
                now, limited = until, limited or limits
    raise AssertionError("it never ends")
