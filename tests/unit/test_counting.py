"""What waits is counted as often as it costs nothing, and never twice at once."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.hub.counting import FEW, RECOUNT_EVERY, BacklogCount
from nonebot_plugin_report.model.status import Backlog


class Waiting:
    """A store in which so many wait."""

    def __init__(self, waiting: int = 0) -> None:
        self.waiting = waiting
        self.now = 0.0
        self.counts = self.counting = self.most_at_once = 0
        self.read = BacklogCount(self.count, lambda: self.now).read

    async def count(self) -> Backlog:
        self.counts += 1
        self.counting += 1
        self.most_at_once = max(self.most_at_once, self.counting)
        waiting = self.waiting
        for _ in range(3):
            await asyncio.sleep(0)
        self.counting -= 1
        return Backlog(waiting, None, ())


async def test_of_much_that_waits_one_count_a_second_answers_all() -> None:
    store = Waiting(FEW + 1)
    for _ in range(3):
        answers = await asyncio.gather(*(store.read() for _ in range(50)))
        assert {one.waiting for one in answers} == {store.waiting}
    assert (store.counts, store.most_at_once) == (1, 1)
    store.waiting, store.now = FEW, RECOUNT_EVERY
    assert (await store.read()).waiting == FEW
    assert store.counts == 2


@given(st.lists(st.tuples(st.integers(0, 2 * FEW), st.floats(0, 2 * RECOUNT_EVERY))))
def test_an_answer_is_a_recount_or_one_of_much_and_not_a_second_old(
    steps: list[tuple[int, float]],
) -> None:
    async def check() -> None:
        store = Waiting()
        history: list[tuple[float, int]] = []
        for waiting, later in steps:
            store.waiting = waiting
            store.now += later or 0.001
            history.append((store.now, waiting))
            answer = (await store.read()).waiting
            recent = [was for at, was in history if store.now - at < RECOUNT_EVERY and was > FEW]
            assert answer == waiting or answer in recent

    asyncio.run(check())
