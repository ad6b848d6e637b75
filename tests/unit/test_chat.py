"""What people write in a chat, and the table of commands."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nonebot_plugin_report
from nonebot_plugin_report.chat.addresses import address
from nonebot_plugin_report.chat.command_table import COMMANDS, Who, nearest, read, visible
from nonebot_plugin_report.chat.matcher import shown_prefix
from nonebot_plugin_report.chat.parsing import MOST_RECENT, read_count, read_until
from nonebot_plugin_report.chat.request import Asker, Context, Wrong
from nonebot_plugin_report.chat.wording import brief, name_target, undelivered
from nonebot_plugin_report.model.delivery import State
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.model.status import DeliveryState, Listed, ReportState
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.model.timing import moment

AFTERNOON = datetime(2026, 11, 24, 15, 0).astimezone()
NIGHT = datetime(2026, 11, 24, 23, 30).astimezone()
SMALL_HOURS = datetime(2026, 11, 25, 1, 0).astimezone()


def until(text: str, now: datetime = AFTERNOON) -> str:
    """Until when, and what is left of the text."""
    found = read_until(text, now.timestamp())
    if found is None:
        return "-"
    moment, rest = found
    return f"{datetime.fromtimestamp(moment).astimezone():%d %H:%M:%S} {rest}".strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30", "24 15:30:00"), ("３０", "24 15:30:00"), ("30 777", "24 15:30:00 777"),
        ("90s", "24 15:01:30"), ("30m", "24 15:30:00"), ("30分", "24 15:30:00"),
        ("30 分钟", "24 15:30:00"), ("2h", "24 17:00:00"), ("2H", "24 17:00:00"),
        ("2h 777", "24 17:00:00 777"), ("2小时", "24 17:00:00"), ("2个小时", "24 17:00:00"),
        ("两小时", "24 17:00:00"), ("十二小时", "25 03:00:00"), ("1.5h", "24 16:30:00"),
        ("2 小时 群777", "24 17:00:00 群777"), ("1小时30分", "24 16:30:00"),
        ("2h30m 我", "24 17:30:00 我"), ("半小时", "24 15:30:00"), ("半个小时", "24 15:30:00"),
        ("一个半小时", "24 16:30:00"), ("2小时半", "24 17:30:00"), ("半天", "25 03:00:00"),
        ("1天", "25 15:00:00"), ("2h Phone（备）", "24 17:00:00 Phone（备）"),
    ],
)  # fmt: skip
def test_how_long_is_read_as_people_write_it(text: str, expected: str) -> None:
    assert until(text) == expected


@pytest.mark.parametrize(
    ("text", "afternoon", "night"),
    [
        ("到 8 点", "24 20:00:00", "25 08:00:00"), ("到8点", "24 20:00:00", "25 08:00:00"),
        ("８点", "24 20:00:00", "25 08:00:00"), ("到8点半", "24 20:30:00", "25 08:30:00"),
        ("到 8 点 777", "24 20:00:00 777", "25 08:00:00 777"),
        ("到 8", "24 20:00:00", "25 08:00:00"), ("到 8:00", "25 08:00:00", "25 08:00:00"),
        ("20：30", "24 20:30:00", "25 20:30:00"), ("到八点", "24 20:00:00", "25 08:00:00"),
        ("到早上 8 点", "25 08:00:00", "25 08:00:00"),
        ("到晚上11点45分", "24 23:45:00", "24 23:45:00"),
        ("今晚十二点", "25 00:00:00", "25 00:00:00"), ("明早", "25 08:00:00", "25 08:00:00"),
        ("到明天 9 点", "25 09:00:00", "25 09:00:00"), ("今晚", "25 08:00:00", "25 08:00:00"),
        ("今晚 777", "25 08:00:00 777", "25 08:00:00 777"),
        ("到中午", "25 12:00:00", "25 12:00:00"), ("到天亮", "25 08:00:00", "25 08:00:00"),
        ("到 23 点", "24 23:00:00", "25 23:00:00"), ("到 24:00", "25 00:00:00", "25 00:00:00"),
    ],
)  # fmt: skip
def test_until_when_is_read_as_people_write_it(text: str, afternoon: str, night: str) -> None:
    assert until(text) == afternoon
    assert until(text, NIGHT) == night


def test_who_is_still_up_means_the_morning_that_comes() -> None:
    for text in ("今晚", "明早", "明天", "到明早 8 点"):
        assert until(text, SMALL_HOURS) == "25 08:00:00", text


@pytest.mark.parametrize(
    "text", ["", "很久", "777群", "到", "群777", "25点", "到 8:75", "点", "h", "12345678901", "x2h"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert until(text) == "-"


@given(st.text(st.sampled_from("0123456789.半个点到直今明晚早天小时分秒十一二两零 :：hms群７")))
def test_any_words_are_read(text: str) -> None:
    found = read_until(text, AFTERNOON.timestamp())
    assert found is None or found[0] >= AFTERNOON.timestamp()


@pytest.mark.parametrize(
    ("word", "count"),
    [("1", 1), ("020", 20), ("５", 5), ("第2条", 2), ("10条", 10), ("0", None), ("21", None),
     ("²", None), ("x", None), ("-1", None)],
)  # fmt: skip
def test_a_count_is_one_to_twenty(word: str, count: int | None) -> None:
    assert read_count(word) == count
    assert MOST_RECENT == 20


def test_no_two_commands_are_spelt_alike_and_each_is_understood() -> None:
    names = [name for one in COMMANDS for name in (one.name, *one.others)]
    assert len(set(names)) == len(names)
    for one in COMMANDS:
        for name in (one.name, *one.others):
            assert read(name).command is one
            assert read(f"{name} x").arguments == ("x",)


def test_who_may_what_is_what_is_shown() -> None:
    me = Target("private", "10002")
    owner, friend = Asker("10002", superuser=True, here=me), Asker("10002", False, me)
    assert visible(owner, binding=True) == list(COMMANDS)
    assert not any(one.binding for one in visible(owner, binding=False))
    assert not any(one.who is Who.SUPERUSER for one in visible(friend, binding=True))


def test_the_plugins_usage_names_every_command() -> None:
    usage = nonebot_plugin_report.__plugin_meta__.usage
    for one in COMMANDS:
        assert one.usage(superuser=True) in usage


def test_a_slip_is_taken_for_what_was_meant_and_nothing_else_is() -> None:
    for written, meant in (
        ("状太", "状态"),
        ("取消", "取消静音"),
        ("绑订", "绑定"),
        ("hlep", "帮助"),
    ):
        found = nearest(written, COMMANDS)
        assert found is not None
        assert found.name == meant
    for written in ("乱写", "给你看个好东西", ""):
        assert nearest(written, COMMANDS) is None


@pytest.mark.parametrize(
    ("prefixes", "shown"), [({"/"}, "/"), ({"", "/"}, ""), ({"!", "/"}, "/"), ({"。", "!"}, "!")]
)
def test_hints_show_a_prefix_that_works(prefixes: set[str], shown: str) -> None:
    assert shown_prefix(prefixes) == shown


def test_moments_are_told_as_of_today() -> None:
    now = AFTERNOON.timestamp()
    for then, told in (
        (AFTERNOON, "15:00"), (AFTERNOON - timedelta(days=1), "昨天 15:00"),
        (AFTERNOON + timedelta(hours=20), "明天 11:00"),
        (AFTERNOON - timedelta(days=9), "11-15 15:00"),
    ):  # fmt: skip
        assert moment(then.timestamp(), now) == told


def test_targets_are_called_as_the_asker_would() -> None:
    group = Target("group", "777")
    asker = Asker("10002", superuser=True, here=group)
    for target, name in (
        (asker.own, "你"), (group, "这个群"), (Target("group", "778"), "群 778"),
        (Target("private", "10003"), "QQ 10003"), (Target("channel", "phone"), "渠道 phone"),
    ):  # fmt: skip
        assert name_target(target, asker) == name


def listed(report: Report | None, *states: State, text: str = "", note: str = "") -> Listed:
    me = Target("private", "10001")
    deliveries = tuple(DeliveryState(me, one, 0, 0, "", None) for one in states)
    return Listed(ReportState("id", "", "", "标题", 0.0, "", note, deliveries), report, text)


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (listed(Report(title="备份", content="好了")), "「备份：好了」"),
        (listed(Report(content="只有内容", result=Result.FAIL)), "❌「只有内容」"),
        (listed(Report(event="domain.end", message="自动秘境结束", result=Result.SUCCESS)),
         "✅「自动秘境结束」"),
        (listed(Report(title="备份")), "「备份」"), (listed(Report()), "（没有文字）"),
        (listed(None, text="✅ 一条龙结束\n用时 2 小时"), "✅「一条龙结束 用时 2 小时」"),
        (listed(None), "「标题」"), (listed(Report(content="字" * 99)), f"「{'字' * 39}…」"),
        (listed(Report(title="「x」")), "「『x』」"),
        (listed(Report(title="备份", result="skipped")), "「[skipped] 备份」"),
        (listed(Report(title="Disk", content="Diskette")), "「Disk：Diskette」"),
    ],
)  # fmt: skip
def test_a_list_shows_what_a_report_says(one: Listed, told: str) -> None:
    assert brief(one) == told


def test_a_list_marks_only_what_was_not_delivered() -> None:
    report = Report()
    assert undelivered(listed(report, State.DELIVERED, State.DELIVERED)) == ""
    assert undelivered(listed(report, State.DELIVERED, State.EXPIRED)) == "⌛ 放弃"
    assert undelivered(listed(report, State.WAITING, State.REJECTED)) == "⏳ 等待、🚫 被拒绝"
    assert undelivered(listed(report, note="规则 1 写着 drop")) == "没有发出：规则 1 写着 drop"


async def test_what_to_paste_into_a_tool_is_told_without_a_token() -> None:
    context = Context(None, "http://127.0.0.1:8080/report")  # pyright: ignore[reportArgumentType] - the hub is not asked
    asker = Asker("10001", superuser=False, here=Target("group", "777"))
    assert "bettergi、" in await address(context, asker, ())
    told = str(await address(context, asker, ("bettergi",)))
    assert "Webhook 端点：http://127.0.0.1:8080/report?token=你的令牌" in told
    assert "provider: gocqhttp" in str(await address(context, asker, ("alas",)))
    for word, answer in (("alertmanger", "「/推送 地址 alertmanager」"), ("zzzzzz", "没有")):
        with pytest.raises(Wrong, match=answer):
            await address(context, asker, (word,))
