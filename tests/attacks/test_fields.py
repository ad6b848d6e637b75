"""What a report says is counted before it is looked at, and reaches only whom it names."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.sources.parse import MAX_DATA, MAX_LENGTHS, parse
from tests.attacks.measure import MEMORY, STANDSTILL, least_cost, least_seconds
from tests.bot import TOKEN, Bot, running
from tests.onebot import ScriptedV11

MANY = 4_000_000
JSON = {"Content-Type": "application/json"}
FRIEND = "friend-token-0123456789"
SETTINGS = {
    "report_tokens": {"friend": {"token": FRIEND, "to": ["channel:own", "private:10002"]}},
    "report_channels": {
        name: {"type": "webhook", "url": "http://127.0.0.1:9/"} for name in ("own", "secret")
    },
}


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncGenerator[Bot]:
    async with running(tmp_path, settings=SETTINGS) as started:
        yield started


async def post(bot: Bot, body: bytes) -> int:
    async with bot.client(None) as client:
        answer = await client.post("", params={"token": TOKEN}, content=body, headers=JSON)
    return answer.status_code


def body(**fields: object) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


BODIES = {
    "millions of receivers": (b'{"content":"x","send_to":[' + b"1," * (MANY - 50) + b"1]}", 422),
    "receivers with commas": (body(content="x", send_to="1," * (MANY - 50)), 422),
    "receivers with commas in each of a hundred": (body(content="x", to=["1," * 40_000] * 99), 422),
    "a receiver of megabytes": (body(content="x", send_to="1" * 2 * (MANY - 50)), 422),
    "a bot of megabytes": (body(content="x", send_from="1" * 2 * (MANY - 50)), 422),
    "a channel of megabytes": (body(content="x", channel="a" * 2 * (MANY - 50)), 422),
    "an id of megabytes": (body(content="x", id="1" * 2 * (MANY - 50)), 422),
    "data of millions": (b'{"content":"x","data":[' + b"1," * (MANY - 50) + b"1]}", 200),
    "data nested": (b'{"content":"x","data":' + b"[" * 900 + b"]" * 900 + b"}", 200),
    "data of words": (body(content="x", data={str(i): "五" for i in range(400_000)}), 200),
    "unknown fields": (body(content="x", **{str(i): [i] for i in range(400_000)}), 200),
    "a time of megabytes": (body(content="x", timestamp="1" * 2 * (MANY - 50)), 200),
    "a result of megabytes": (body(content="x", result="五" * 2_600_000), 200),
    "an event of megabytes": (body(content="x", event="\x1b" * 1_000_000 + "a"), 200),
    "a text of megabytes": (body(content="五\r\n" * 1_600_000, message="六\r" * 2), 200),
}


@pytest.mark.parametrize("kind", BODIES)
def test_reading_the_fields_costs_next_to_nothing(kind: str) -> None:
    """Without what it takes to read the JSON: each is as long as a body may be."""
    content, status = BODIES[kind]
    fields = json.loads(content)

    def read() -> None:
        try:
            parse(fields)
        except InvalidReport:
            assert status == 422

    assert least_seconds(read) < STANDSTILL / 4


async def test_texts_without_a_bound_cost_neither_disk_nor_memory(bot: Bot) -> None:
    """7 MB to 30 receivers were 208 MB on disk; 30 events of 6 MB stayed in memory."""
    receivers = [*range(20001, 20031)]
    texts = [
        body(content="五" * 2_300_000, send_to=receivers),
        *[body(event="e" * 6_000_000 + f"{number}.start", content="x") for number in range(8)],
        *[body(title="t" * 6_000_000, send_to=20001) for _ in range(4)],
    ]

    async def attack() -> None:
        for one in texts:
            assert await post(bot, one) == 200

    cost = await least_cost(bot, attack)
    assert cost.memory < MEMORY + 8 * 2**20
    stored = sum(one.stat().st_size for one in bot.folder.glob("report.db*"))
    assert stored < 32 * 2**20


async def test_what_was_cut_is_told_where_it_is_read(bot: Bot) -> None:
    async with ScriptedV11(url=bot.onebot_v11) as qq:
        await bot.push(title="题" * 600, content="x", event="e" * 200, data=["d" * 100] * 1000)
        (message,) = await qq.wait_for(1)
    title = MAX_LENGTHS["title"]
    assert message.text.splitlines() == [
        "题" * title, "x", f"[title 过长，已截到 {title} 字]", "[event 过长，已截到 128 字]",
        "[data 过大，没有保留]",
    ]  # fmt: skip


def test_data_of_a_bearable_length_is_kept_whole() -> None:
    data = {"a": ["五" * 100] * 100, "b": {"c": [1, 2.5, None, True]}}
    report = parse({"content": "x", "data": data})
    assert json.loads(report.data) == data
    assert report.cut == ()
    assert len(report.data) < MAX_DATA


NOBODY: list[tuple[dict[str, object], str]] = [
    ({"send_to": "20001 via 90001"}, "send_to：QQ 号应为数字"),
    ({"send_to": ["private:20001"]}, "send_to：QQ 号应为数字"),
    ({"send_to": "*"}, "send_to：QQ 号应为数字"),
    ({"send_to": 0}, "send_to：QQ 号应为数字"),
    ({"send_to": -5}, "send_to：QQ 号应为数字"),
    ({"send_to": "9" * 20}, "send_to：QQ 号应为数字"),
    ({"send_to_group": "777\x00x"}, "send_to_group：群号应为数字"),
    ({"send_from": "90001 via 1"}, "send_from：机器人的号码"),
    ({"send_from": "9" * 65}, "send_from：机器人的号码"),
]


async def test_nobody_can_be_named_who_is_no_number(bot: Bot) -> None:
    for fields, told in NOBODY:
        assert told in (await bot.push(content="x", expect=422, **fields))["error"]


async def test_a_number_is_the_same_however_it_is_written(bot: Bot) -> None:
    """Else quiet hours and rates were passed by: there were three lanes to one number."""
    named = [20001, "020001", " ２０００１ ", "20001", 20001.0]
    answers = [await bot.push(content="x", send_to=one) for one in named]
    assert {json.dumps(one["deliveries"]) for one in answers} == {'[{"target": "private:20001"}]'}
    assert len((await bot.push(content="x", send_to=named))["deliveries"]) == 1


async def test_what_a_friend_may_not_reach_and_what_is_not_there_answer_alike(bot: Bot) -> None:
    async with bot.client(FRIEND) as client:
        names = ("secret", "nothing", "a：b", "x" * 500)
        answers = [await client.post("", json={"content": "x", "channel": one}) for one in names]
        allowed = await client.post("", json={"content": "x", "channel": "own"})
    assert {(one.status_code, one.text) for one in answers} == {(403, answers[0].text)}
    assert allowed.status_code == 200
    assert "没有这个名字" in (await bot.push(content="x", channel="nothing", expect=422))["error"]
