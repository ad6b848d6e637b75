"""Ranks, quiet hours, merging, rates, digests, fallbacks, expiry, restarts and two processes in one
store, in whatever order: what was accepted is told once to whom it is for, or says why not."""

import asyncio
import re
from contextlib import ExitStack
from dataclasses import replace

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from nonebot_plugin_report.errors import LeaseLost
from nonebot_plugin_report.model.delivery import (
    Away,
    Delivered,
    Handling,
    NotSent,
    Outcome,
    Outgoing,
    Priority,
    Rejected,
    State,
    Unknown,
)
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.scheduling import Policy
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.model.timing import DailyWindow
from nonebot_plugin_report.outbox import Limits, Outbox
from nonebot_plugin_report.outbox.lane import LEASE
from nonebot_plugin_report.store import Store

from .fakes import Clock, FarEnd
from .places import Fresh, Place, ServerClock, rows

ME, FRIEND, PHONE = Target("private", "1"), Target("private", "2"), Target("channel", "phone")
DAY = 86400.0
OUTCOMES: tuple[Outcome, ...] = (
    Delivered(), NotSent("x"), NotSent("x", answered=True), Rejected("x"), Unknown("x"), Away("x"),
    Away("x", 300.0),
)  # fmt: skip
QUIET = DailyWindow.parse("23:00-08:00 Asia/Shanghai")
POLICIES = (
    Policy(), Policy(quiet=QUIET), Policy(merge=30.0), Policy(rate=(2, 600.0)),
    Policy(absence=1800.0), Policy(quiet=QUIET, merge=30.0, rate=(3, 3600.0), absence=1800.0),
)  # fmt: skip
LIMITS = Limits(expire=DAY, retention=30 * DAY, image_retention=DAY)


class Delivering(RuleBasedStateMachine):
    """Two processes' outboxes on one store, and what they made of what they accepted."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place

    @initialize(policy=st.sampled_from(POLICIES))
    def start(self, policy: Policy) -> None:
        self.policy = policy
        self.runner = asyncio.Runner()
        self.clock, self.far = Clock(), FarEnd()
        self.shown = ExitStack()
        self.shown.enter_context(self.clock.shown_by(ServerClock.of(self.place)))
        self.accepted: dict[str, tuple[Target, ...]] = {}
        self.ended: dict[str, str] = {}
        self.open()

    def open(self) -> None:
        self.store = Store(self.place)
        self.runner.run(self.store.open())
        self.processes = [self.process(), self.process()]
        for one in self.processes:
            self.runner.run(one.open())

    def process(self) -> Outbox:
        return Outbox(
            self.store,
            self.far,
            LIMITS,
            policy=self.policy_of,
            clock=self.clock,
            jitter=lambda: 0.5,
        )

    def policy_of(self, target: Target) -> Policy:
        return self.policy if target == ME else Policy()

    @rule(
        by=st.integers(0, 1),
        priority=st.sampled_from(Priority),
        fallback=st.sampled_from([(), (PHONE,), (PHONE, FRIEND)]),
        after=st.sampled_from([None, 900.0]),
        failed=st.booleans(),
    )
    def accept(
        self,
        by: int,
        priority: Priority,
        fallback: tuple[Target, ...],
        after: float | None,
        failed: bool,
    ) -> None:
        text = f"<{len(self.accepted)}>"
        report = Report(content=text, event="x", result=Result.FAIL if failed else None)
        one = Outgoing(
            ME, Message(text, (), report),
            Handling(priority, fallback=fallback, fallback_after=after if fallback else None),
        )  # fmt: skip
        if priority is Priority.BULK:
            one = replace(one, handling=replace(one.handling, held_until=self.clock.now + 600.0))
        self.runner.run(self.processes[by].accept(report, [one]))
        self.accepted[text] = fallback

    @rule(
        by=st.integers(0, 1),
        to=st.sampled_from([ME, FRIEND, PHONE]),
        outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=3),
    )
    def drain(self, by: int, to: Target, outcomes: list[Outcome]) -> None:
        self.far.outcomes[Lane(to)] = list(outcomes)
        try:
            self.runner.run(self.processes[by].lanes.drain(Lane(to)))
        except LeaseLost:  # as its task does
            self.processes[by].lanes.begin(patience=0.0)

    @rule(seconds=st.sampled_from([1.0, 45.0, LEASE + 1, 1000.0, 8 * 3600.0, DAY]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(by=st.integers(0, 1))
    def housekeeping(self, by: int) -> None:
        self.runner.run(self.processes[by].expire())
        self.runner.run(self.processes[by].fall_back())

    @rule(by=st.integers(0, 1), to=st.sampled_from([ME, PHONE]))
    def the_clock_is_set(self, by: int, to: Target) -> None:
        hours = 8 * 3600.0 * (1 if by else -1)
        since = self.clock.now - 2 * DAY + min(0.0, hours)
        self.clock.now += hours
        self.runner.run(self.processes[0].shift(since, hours))
        self.runner.run(self.processes[1].lanes.shift(hours))

    @rule()
    def restart(self) -> None:
        self.close()
        self.open()

    @rule()
    def both_are_killed(self) -> None:
        self.runner.run(self.store.close())
        self.open()

    @invariant()
    def nothing_vanishes_and_nothing_that_ended_changes(self) -> None:
        first: dict[str, str] = {}
        for identity, text, state, finished_at, _ in self.deliveries():
            words = re.findall(r"<\d+>", text)[0]
            first.setdefault(words, identity)
            assert (State(state) is State.WAITING) == (finished_at is None)
            if finished_at is not None:
                assert self.ended.setdefault(identity, state) == state
        assert set(first) == set(self.accepted)

    @invariant()
    def what_is_recorded_as_delivered_was_told(self) -> None:
        """By itself, or together with one that was."""
        tried = {one.id for one in self.far.sent}
        for identity, _, state, _, reason in self.deliveries():
            if state == State.DELIVERED:
                assert identity in tried or "送达" in reason

    @invariant()
    def nobody_hears_of_what_is_not_for_them(self) -> None:
        for one in self.far.sent:
            for words in re.findall(r"<\d+>", one.message.text):
                if one.lane.target != ME:
                    assert one.lane.target in self.accepted[words]

    def deliveries(self) -> list[tuple[str, str, str, float | None, str]]:
        return rows(
            self.place,
            "SELECT d.id, coalesce(d.text, r.text), state, finished_at, d.reason"
            " FROM delivery d JOIN report r ON d.report_id = r.id ORDER BY d.id",
        )

    def close(self) -> None:
        for one in self.processes:
            self.runner.run(one.close())
        self.runner.run(self.store.close())

    def everything_ends(self) -> None:
        """In time, with a far end that works, each delivery has ended."""
        self.far.outcomes.clear()
        for _ in range(12):
            self.clock.now += 2 * 3600.0
            for one in self.processes:
                for lane in self.runner.run(self.store.leases.waiting_lanes()):
                    try:
                        self.runner.run(one.lanes.drain(lane))
                    except LeaseLost:
                        one.lanes.begin(patience=0.0)
                self.runner.run(one.expire())
                self.runner.run(one.fall_back())
        assert {state for _, _, state, *_ in self.deliveries()} <= set(State) - {State.WAITING}

    def teardown(self) -> None:
        try:
            self.everything_ends()
            self.close()
        finally:
            self.runner.close()
            self.shown.close()


def test_delivering(fresh: Fresh, engine: str) -> None:
    examples = 12 if engine == "sqlite" else 5
    run_state_machine_as_test(
        lambda: Delivering(fresh()),  # pyright: ignore[reportArgumentType] - any factory does
        settings=settings(
            max_examples=examples, stateful_step_count=25, phases=(Phase.reuse, Phase.generate)
        ),
    )
