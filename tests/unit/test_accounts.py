"""Which account a lane's messages go by, as far as lists and refusals tell."""

from typing import Any, cast

from nonebot.adapters import Bot

from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.senders.qq.accounts import FRESH_SECONDS, RETRY_SECONDS, Accounts

GROUP = Target("group", "777")


class Listing:
    """A bot that lists groups, or gives no list."""

    def __init__(self, self_id: str, *groups: int) -> None:
        self.self_id, self.groups = self_id, groups
        self.asked = 0

    async def call_api(self, action: str) -> object:
        if action != "get_group_list" or not self.groups:
            raise RuntimeError("it gives none")
        self.asked += 1
        return [{"group_id": group} for group in self.groups]


def bots(*listing: Listing) -> list[Bot]:
    return cast("Any", list(listing))


async def test_lists_are_asked_for_again_after_a_time_and_sooner_where_there_were_none() -> None:
    accounts, first = Accounts(), Listing("1", 777)
    for now, asked in ((0.0, 1), (1.0, 1), (RETRY_SECONDS, 2), (RETRY_SECONDS + 1.0, 2)):
        await accounts.learn(bots(first), now)
        assert first.asked == asked, "it has no list of friends"


async def test_a_lane_keeps_its_account_until_that_does_not_reach_the_target() -> None:
    accounts, first, second = Accounts(), Listing("1", 777), Listing("2", 777)
    both = bots(first, second)
    await accounts.learn(both, 0.0)
    assert accounts.choose(Lane(GROUP), both, 0.0) is both[0]
    accounts.keep(Lane(GROUP), "2")
    assert accounts.choose(Lane(GROUP), both, 0.0) is both[1]
    accounts.refuse("2", GROUP, 0.0)
    assert accounts.choose(Lane(GROUP), both, 0.0) is both[0]
    accounts.refuse("1", GROUP, 0.0)
    assert accounts.choose(Lane(GROUP), both, 1.0) is None
    assert accounts.choose(Lane(GROUP), both, FRESH_SECONDS) is both[1], "it may have joined since"


async def test_lists_that_are_old_say_nothing() -> None:
    accounts, (bot,) = Accounts(), bots(Listing("1", 888))
    await accounts.learn([bot], 0.0)
    assert accounts.choose(Lane(GROUP), [bot], 1.0) is None
    assert accounts.choose(Lane(GROUP), [bot], FRESH_SECONDS) is bot


def test_the_account_that_left_last_is_the_one_that_is_missed() -> None:
    accounts = Accounts()
    for one in ("1", "2", "3"):
        accounts.meet(one)
    assert accounts.absent(["3"]) == "2"
    assert accounts.absent(["1", "2", "3"]) == ""
