"""Whatever happens in whatever order: nothing accepted vanishes, and order holds in its lane, but
for what is refused without a reason."""

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from nonebot_plugin_report.model.delivery import (
    Delivered,
    Delivery,
    NotSent,
    Outcome,
    Rejected,
    State,
    Unknown,
)
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.outbox.retry import ASIDE_AFTER

from .fakes import LIMITS, Clock, FarEnd, World, world
from .places import Fresh, Place, rows

TARGETS = (Target("private", "1"), Target("private", "2"), Target("group", "1"))
OUTCOMES: tuple[Outcome, ...] = (
    Delivered(), NotSent("x"), NotSent("x", answered=True), Rejected("x"), Unknown("x"),
)  # fmt: skip

ASIDE = "CASE WHEN tried_at < held_until THEN 1 ELSE 0 END"

targets = st.sampled_from(TARGETS)


class Remembering(FarEnd):
    """A far end that remembers when it gave which answer to which words."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.answered: defaultdict[Lane, list[tuple[float, str, Outcome]]] = defaultdict(list)

    async def send(self, delivery: Delivery) -> Outcome:
        outcome = await super().send(delivery)
        answer = (self.clock.now, delivery.message.text, outcome)
        self.answered[delivery.lane].append(answer)
        return outcome


class OutboxMachine(RuleBasedStateMachine):
    """Drives an outbox through accepting, sending, failing, parking, expiry and restarts."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.place = place
        self.clock = Clock()
        self.far = Remembering(self.clock)
        self.accepted: defaultdict[Target, list[str]] = defaultdict(list)
        self.parked_attempts: dict[Target, int] = {}

    @initialize()
    def start(self) -> None:
        self.world: World = self.runner.run(
            self.stack.enter_async_context(world(self.place, clock=self.clock, far=self.far))
        )

    @rule(to=targets)
    def accept(self, to: Target) -> None:
        text = str(sum(map(len, self.accepted.values())))
        self.runner.run(self.world.accept(text, to))
        self.accepted[to].append(text)

    @rule(to=targets, outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=3))
    def drain(self, to: Target, outcomes: list[Outcome]) -> None:
        self.far.outcomes[Lane(to)] = list(outcomes)
        self.runner.run(self.world.drain(to))

    @rule(to=targets, count=st.integers(1, 6))
    def refuse_without_a_reason(self, to: Target, count: int) -> None:
        self.far.outcomes[Lane(to)] = [NotSent("x", answered=True)] * count
        for _ in range(count):
            if (due := self.runner.run(self.world.drain(to))) is not None:
                self.clock.now = max(due, self.clock.now)

    @rule(to=targets)
    def bot_leaves(self, to: Target) -> None:
        self.far.away.add(Lane(to))
        self.parked_attempts[to] = self.attempts(to)

    @rule()
    def bots_return(self) -> None:
        self.far.away.clear()
        self.parked_attempts.clear()
        self.runner.run(self.world.outbox.lanes.resume())

    @rule(seconds=st.sampled_from([1.0, 60.0, 4000.0, LIMITS.expire]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds
        self.runner.run(self.world.outbox.expire())

    @rule()
    def restart(self) -> None:
        self.runner.run(self.stack.aclose())
        self.start()

    @invariant()
    def each_delivery_is_in_exactly_one_state(self) -> None:
        stored = rows(
            self.place,
            "SELECT lane, coalesce(d.text, r.text), state, finished_at, attempts"
            " FROM delivery d JOIN report r ON d.report_id = r.id",
        )
        found = sorted((lane, text) for lane, text, *_ in stored)
        assert found == sorted(
            (str(to), one) for to, texts in self.accepted.items() for one in texts
        )
        for _, _, state, finished_at, attempts in stored:
            assert (State(state) is State.WAITING) == (finished_at is None)
            assert attempts >= 1 or state in (State.WAITING, State.EXPIRED)

    @invariant()
    def what_goes_out_keeps_its_order(self) -> None:
        for target, texts in self.accepted.items():
            sent, aside = self.far.texts(Lane(target)), self.aside(target)
            in_order = [int(text) for text in sent if text not in aside]
            assert in_order == sorted(in_order)
            assert set(sent) <= set(texts)

    @invariant()
    def nothing_overtakes_what_waits(self) -> None:
        for target in self.accepted:
            query = f"SELECT state, {ASIDE} FROM delivery WHERE lane = ? ORDER BY id"
            states = rows(self.place, query, str(target))
            waiting = [state == "waiting" for state, aside in states if not aside]
            assert waiting == sorted(waiting)

    @invariant()
    def only_what_was_refused_without_a_reason_for_a_minute_steps_aside(self) -> None:
        for target in self.accepted:
            refused = [
                (at, text)
                for at, text, outcome in self.far.answered[Lane(target)]
                if isinstance(outcome, NotSent) and outcome.answered
            ]
            for text in self.aside(target):
                times = [at for at, each, _ in self.far.answered[Lane(target)] if each == text]
                last = max(at for at, each in refused if each == text)
                assert last - times[0] >= ASIDE_AFTER

    @invariant()
    def parking_burns_no_attempt(self) -> None:
        for target, attempts in self.parked_attempts.items():
            assert self.attempts(target) == attempts

    def aside(self, target: Target) -> set[str]:
        """What ever stepped aside."""
        query = (
            "SELECT coalesce(d.text, r.text) FROM delivery d JOIN report r ON d.report_id = r.id"
            f" WHERE lane = ? AND {ASIDE} = 1"
        )
        return {text for (text,) in rows(self.place, query, str(target))}

    def attempts(self, target: Target) -> int:
        query = "SELECT coalesce(sum(attempts), 0) FROM delivery WHERE lane = ?"
        return rows(self.place, query, str(target))[0][0]

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()


def test_outbox(fresh: Fresh, engine: str) -> None:
    examples = 15 if engine == "sqlite" else 5
    run_state_machine_as_test(
        lambda: OutboxMachine(fresh()),  # pyright: ignore[reportArgumentType] - any factory does
        settings=settings(max_examples=examples, stateful_step_count=30),
    )
