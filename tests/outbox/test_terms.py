"""Who of several processes does what only one has to do."""

from nonebot_plugin_report.outbox import TERM

from .fakes import world
from .places import Place


async def test_one_leads_until_its_term_ends_or_it_resigns(place: Place) -> None:
    async with world(place) as w:
        terms = w.store.terms

        async def stands(owner: str) -> bool:
            return await terms.take("leader", owner, w.clock.now, TERM)

        assert await stands("a")
        assert not await stands("b")
        w.clock.now += TERM - 1
        assert await stands("a"), "it goes on"
        w.clock.now += TERM - 1
        assert not await stands("b")
        w.clock.now += 1
        assert await stands("b"), "it did not go on"
        assert not await stands("a")
        await terms.resign("a")
        assert not await stands("a"), "nobody resigns for another"
        await terms.resign("b")
        assert await stands("a")
