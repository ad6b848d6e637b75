"""ServerChan, against a server that checks key and limits."""

import pytest

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import Delivered, NotSent, Rejected
from nonebot_plugin_report.senders import load

from .server import Reply, Request, Server
from .service import Service, begins_a_day_in_china, channel, make_delivery

USED_UP = "超过当天的发送次数限制[5]"
KEY = "SCT12345TabcdefGHIJKL"


def answer(request: Request) -> Reply:
    assert (request.method, request.path) == ("POST", f"/{KEY}.send")
    form = request.form()
    assert 0 < len(form["title"]) <= 32
    assert len(form["desp"].encode()) <= 32_000
    return Reply(json={"code": 0, "message": "", "data": {"errno": 0, "error": "SUCCESS"}})


SERVICE = Service(
    kind="serverchan",
    settings=lambda url: {"server": url, "key": KEY},
    secrets=(KEY,),
    answer=answer,
    failures={
        "key": (Reply(json={"code": 40001, "message": "[AUTH]错误的Key"}), Rejected),
        "quota": (Reply(json={"code": 40001, "message": "[AUTH]超过当天的发送次数"}), NotSent),
        "quota, newer": (Reply(json={"code": 471, "message": USED_UP}), NotSent),
        "quota, by its status": (Reply(471, json={"code": 471, "message": USED_UP}), NotSent),
        "older answers": (Reply(json={"errno": 1024, "errmsg": "x"}), NotSent),
    },
)


async def test_lines_stay_lines_in_markdown() -> None:
    async with Server(answer) as server, channel("serverchan", server=server.url, key=KEY) as it:
        assert await it.send(make_delivery("标题\n一\n二")) == Delivered()
    assert "\n\n" in server.requests[0].form()["desp"]


@pytest.mark.parametrize("reply", [{"errno": 0}, {"code": 0}])
async def test_both_generations_of_success_are_one(reply: dict[str, int]) -> None:
    async with (
        Server(lambda _: Reply(json=reply)) as server,
        channel("serverchan", server=server.url, key=KEY) as serverchan,
    ):
        assert await serverchan.send(make_delivery()) == Delivered()


def test_a_key_that_cannot_stand_in_an_address_is_named() -> None:
    with pytest.raises(ConfigError, match="key：SendKey 只有字母和数字"):
        load({"type": "serverchan", "key": "SCT/../x"})


@pytest.mark.parametrize("code", [40001, 471])
async def test_the_day_that_is_used_up_is_waited_for(code: int) -> None:
    used_up = Reply(json={"code": code, "message": USED_UP})
    async with (
        Server(lambda _: used_up) as server,
        channel("serverchan", server=server.url, key=KEY) as serverchan,
    ):
        outcome = await serverchan.send(make_delivery())
    assert isinstance(outcome, NotSent)
    assert not outcome.answered
    assert begins_a_day_in_china(outcome.retry_after)
