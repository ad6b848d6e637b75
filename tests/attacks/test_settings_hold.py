"""What the settings' check lets pass never fails later, whatever is pushed."""

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nonebot_plugin_report.config import Config, explain
from nonebot_plugin_report.errors import Refused
from nonebot_plugin_report.model.grant import MASTER
from nonebot_plugin_report.model.watch import WatchState
from nonebot_plugin_report.routing.planner import Planner
from nonebot_plugin_report.sources.parse import parse
from nonebot_plugin_report.watchdog.watches import Watch, arrived, passed
from tests.bot import running
from tests.onebot import Fail, ScriptedV11

NOW = 1_790_000_000.0


def consistent(rule: dict[str, Any]) -> dict[str, Any]:
    """Without what may not stand together."""
    left_out = {"to"} if rule.get("drop") else set[str]()
    if not rule.get("fallback"):
        left_out.add("fallback_after")
    return {name: value for name, value in rule.items() if name not in left_out}


PLAIN = ["private:10001", "group:777", "channel:phone", "superusers", "me"]
GOOD = [*PLAIN, "private：10001", "group: 777", "private:020001"]
ODD = ["*", "private:*", "private:0", "private:a", "channel:gone", "nobody", "", ":", "group:",
       "private:1 via 2", "channel：phone", "private:" + "9" * 30, "private:-1", "x" * 70, "\ud800",
       "private:１e５", "superusers ", "group:777\n", "private:10001,group:777", 10001, None,
]  # fmt: skip
TARGETS = st.lists(st.sampled_from(GOOD), max_size=3) | st.sampled_from(
    ["me, group: 777", "group：777；superusers", "private:1　private:2", "superusers"]
)
NIGHTS = st.sampled_from(["23:00-8:00", "23：00—08：00 Asia/Shanghai", "１:00-２:00"])
TIMES = NIGHTS | st.sampled_from(["9:30-9:30 UTC"])
GLOBS = st.sampled_from(["*", "*.end", ["*.error", "a,b"], "[z-a]", "[", "", [], "*a*a*b", "?", 7])
PATTERNS = st.sampled_from(["五星.*毕业", r"(?i)\w+\d", "(a|b)*c", "[a]", "$", "x{0,50}", r"\bx"])
LENGTHS = st.sampled_from(["1s", 3600, "1.5h", " 90 m ", "３h", 0.001])
TOKENS = st.lists(st.sampled_from(["master", "alice", "bind:10002", "bind： 10002"]), max_size=2)
RULES = st.fixed_dictionaries({}, optional={
    "event": GLOBS, "result": st.sampled_from(["Fail", "0,2", []]), "token": TOKENS,
    "from": st.sampled_from(["90001", "０90001", ["bot-1"], 5]), "match": PATTERNS, "time": TIMES,
    "to": TARGETS, "template": st.sampled_from(["{title}", "", "{icon} {elapsed}", "{{}}"]),
    "screenshot": st.booleans(), "drop": st.booleans(), "urgent": st.booleans(),
    "fallback": TARGETS, "fallback_after": LENGTHS, "continue": st.booleans(),
    "override": st.booleans(),
}).map(consistent)  # fmt: skip
ALL_WATCHES = {"expect": GLOBS, "token": TOKENS, "to": TARGETS}
WATCHES = st.fixed_dictionaries(
    {"within": LENGTHS, "after": st.sampled_from(["*", "*.start", ["a.start", "[z-a]"]])},
    optional=ALL_WATCHES,
) | st.fixed_dictionaries(
    {"within": LENGTHS, "since": st.sampled_from(["6:00", "０６：００ Asia/Shanghai", "24:00"])},
    optional=ALL_WATCHES,
)
RATES = st.sampled_from(["20/1h", " 3 / 5m", "1000/1s", "２/1h"])
FRIENDS = st.fixed_dictionaries({"token": st.just("alice-token-0123456789"), "to": st.one_of(
    TARGETS, st.sampled_from(["private:*", "group：*, channel: *", ["private:*", "me"]]),
)}, optional={"default": TARGETS, "rate": RATES})  # fmt: skip
SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "report_rules": st.lists(RULES, max_size=4),
    "report_watch": st.lists(WATCHES, max_size=2),
    "report_tokens": st.fixed_dictionaries({"alice": FRIENDS}),
    "report_default_targets": TARGETS,
    "report_quiet": NIGHTS | st.dictionaries(st.sampled_from([*GOOD, "*"]), NIGHTS, max_size=3),
    "report_template": st.sampled_from(["{heading}\\n{body}", "", "x"]),
    "report_rate": RATES,
    "report_merge": LENGTHS,
    "report_expire": st.sampled_from(["24h", "36500d", "9h"]),
    "report_bind": st.sampled_from(["friends", "group： ７７７", ["off"], "friends,group:7"]),
    "report_from": st.sampled_from(["90001", "０９０００１", 5, "", "bot-1"]),
}  # fmt: skip
SUPERUSERS = st.sets(st.sampled_from(
    ["10001", "10001 ", "onebot: 10001", "OneBot：10002", "telegram:7", "me", "", ":", "９" * 30]
), max_size=3)  # fmt: skip
WORDS = st.sampled_from(
    ["x", "五星圣遗物毕业", "a.start", "a.end", "task.error", "五星" * 400, "\ud800"]
)
NUMBERS = st.sampled_from([10001, "020001", ["７７７", 8], "private:1", "20001 via 90001"])
PUSHES = st.fixed_dictionaries({"content": WORDS}, optional={
    "title": WORDS, "event": WORDS, "result": st.sampled_from([0, 1, "x"]),
}) | st.fixed_dictionaries({"content": WORDS}, optional={
    "send_to": NUMBERS, "send_to_group": NUMBERS, "channel": st.sampled_from(["phone", "gone"]),
    "send_from": st.sampled_from(["90001", "bot-1", "1 2"]),
})  # fmt: skip


@st.composite
def written(draw: st.DrawFn) -> dict[str, Any]:
    """Settings as people write them; now and then with something odd in one place."""
    content = draw(st.fixed_dictionaries({}, optional=SETTINGS))
    if draw(st.integers(0, 3)) == 0:
        odd = draw(st.sampled_from(ODD))
        place = draw(st.sampled_from(["rule", "quiet", "alias", "watch", "default", "token"]))
        content |= {
            "rule": {"report_rules": [{"to": [odd]}, {"fallback": [odd], "drop": True}]},
            "quiet": {"report_quiet": {str(odd): "1:00-2:00"}},
            "alias": {"report_aliases": {"me": [odd]}},
            "watch": {"report_watch": [{"after": "*", "within": 1, "to": [odd]}]},
            "default": {"report_default_targets": [odd]},
            "token": {"report_tokens": {"alice": {"token": "x" * 20, "to": [odd]}}},
        }[place]
    channel = {"type": "webhook", "url": "http://127.0.0.1:9/"}
    return {
        "report_channels": {"phone": channel},
        "report_aliases": {"me": ["private:1", "group:2"]},
    } | content


@settings(max_examples=100)
@given(written(), SUPERUSERS, st.lists(PUSHES, min_size=1, max_size=4))
def test_what_is_accepted_never_raises_later(
    content: dict[str, Any], superusers: set[str], pushes: list[dict[str, Any]]
) -> None:
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        assert " 设置有误：" in str(explain(error))
        return
    directory = config.directory(superusers)
    planner = Planner(directory, config.report_template, config.policies(directory).of)
    grants = [MASTER, *config.grants(directory).values()]
    states: dict[str, WatchState] = {}
    watches = [one for one in config.report_watch if isinstance(one, Watch)]
    for fields in pushes:
        for grant in grants:
            try:
                report = parse(fields)
                plan = planner.plan(report, grant, NOW)
            except Refused:
                continue
            assert plan.outgoing or plan.routing.reason
            for one in plan.outgoing:
                planner.wait(one, NOW)
            for watch in config.report_watch:
                directory.expand(watch.to)
            states |= arrived(
                watches, states, report.event, grant.name, NOW, lambda _entry, _source: True
            ).changed
            states |= passed(watches, states, NOW + 90_000).changed


@given(st.sampled_from(ODD))
def test_what_names_nobody_is_refused_in_chinese(odd: object) -> None:
    try:
        config = Config.model_validate({"report_rules": [{"to": [odd]}]})
    except ValidationError as error:
        assert str(explain(error)).startswith("REPORT_RULES 设置有误：第 1 条的")
    else:
        assert config.directory({"10001"}).expand(config.report_rules[0].to) is not None


def test_an_unusable_superuser_is_no_reason_to_refuse_the_others() -> None:
    directory = Config().directory({"10001 ", "me", "onebot: 10002"})
    assert [str(one) for one in directory.superusers] == ["private:10001", "private:10002"]


async def test_what_was_written_with_care_for_no_sign_is_delivered_as_meant(tmp_path: Path) -> None:
    """Each of these passed the check; one push later the plugin restarted for ever."""
    rules = [{"event": "*.error", "to": ["private： 20001"], "fallback": ["group: 777"]}]
    written = {
        "superusers": ["10001 ", "onebot: 10002", "me"],
        "report_rules": rules,
        "report_quiet": {"private：30001": "００：00 － 23：59"},
        "report_tokens": {"alice": {"token": "alice-token-0123456789", "to": ["group：８"]}},
        "report_watch": [{"after": "a.start", "within": "1h", "to": ["group： 9"]}],
    }
    async with (
        running(tmp_path, settings=written) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
        bot.client("alice-token-0123456789") as alice,
    ):
        await bot.push(content="好")
        assert {one.target for one in await qq.wait_for(2)} == {"private:10001", "private:10002"}
        qq.behave(Fail(1404, "no such user"))
        assert (await bot.push(content="坏", event="x.error"))["deliveries"] == [
            {"target": "private:20001"}
        ]
        assert [one.target for one in (await qq.wait_for(3))[2:]] == ["group:777"]
        assert (await alice.post("", json={"content": "x"})).status_code == 200
        assert [one.target for one in (await qq.wait_for(4))[3:]] == ["group:8"]
        assert (await bot.push(content="x", send_to="３０001"))["status"] == "accepted"
        assert (await bot.health())["status"] == "ok"
        assert "SUPERUSERS 里的 'me' 不是 QQ 号" in bot.log
        assert "Traceback" not in bot.log
