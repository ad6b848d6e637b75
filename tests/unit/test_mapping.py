"""Sources of one's own: which field comes from where."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from nonebot_plugin_report.cli.explain import try_source
from nonebot_plugin_report.config import Config, explain
from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.sources.bodies.decode import MAX_VALUES
from nonebot_plugin_report.sources.mapping import (
    MAX_EXPRESSION,
    MAX_LOOKS,
    OwnSource,
    read_own_sources,
)
from nonebot_plugin_report.sources.reader import Context, Reading, read
from tests.dialects import jpeg
from tests.tools import ALERTMANAGER, encoded, resolved

UNIFI: dict[str, Any] = {
    "title": "alarm.name",
    "content": "alarm.msg",
    "result": {"from": "severity", "1": "Fail", "*": "Success"},
    "event": {"value": "unifi.alarm"},
    "story": "alarm.id",
}
BODY: dict[str, Any] = {
    "alarm": {"name": "AP 掉线", "msg": "客厅", "id": 7}, "severity": 1, "title": "别的意思",
    "token": "s3cret",
}  # fmt: skip


def own(**settings: Any) -> dict[str, OwnSource]:
    return read_own_sources({"mine": settings})


def reading(body: dict[str, Any], sources: dict[str, OwnSource], **query: str) -> Reading:
    return read(body, Context({"source": "mine"} | query, {}, {}), sources)


def report(body: dict[str, Any], **settings: Any) -> Report:
    found = reading(body, own(**settings))
    assert not found.unread
    return found.report


def test_each_field_comes_from_where_the_settings_say() -> None:
    told = report(BODY, **UNIFI)
    assert (told.title, told.content, told.result) == ("AP 掉线", "客厅", Result.FAIL)
    assert (told.event, told.story) == ("unifi.alarm", "7")
    assert report(BODY | {"severity": 9}, **UNIFI).result is Result.SUCCESS


@pytest.mark.parametrize(
    ("expression", "content"),
    [
        ("a", "1"), ("b", "true"), ("c", "2.5"), ("d[*].n", "x\ny"), ("d[0]", '{"n": "x"}'),
        ("join(', ', d[].n)", "x, y"), ("'常量'", "常量"), ("e || 'nothing'", "nothing"),
        ("[a, d]", '1\n[{"n": "x"}, {"n": "y"}]'),
    ],
)  # fmt: skip
def test_what_is_found_is_text(expression: str, content: str) -> None:
    body = {"a": 1, "b": True, "c": 2.5, "d": [{"n": "x"}, {"n": "y"}], "e": None}
    assert report(body, content=expression).content == content


@pytest.mark.parametrize("pictures", ["screenshot", "screenshots"])
def test_a_picture_is_taken_and_is_no_part_of_the_data(pictures: str) -> None:
    told = report({"screenshot": [jpeg()], "m": "x"}, data="@", **{pictures: "screenshot"})
    assert [one.data for one in told.images] == [jpeg()]
    assert told.data == '{"screenshot":["[图片]"],"m":"x"}'


def test_recipients_and_data_are_taken_as_they_are() -> None:
    told = report(
        {"who": [10001, 10002], "more": {"a": 1}, "m": "x"},
        content="m", send_to="who", data="more", channel={"value": "phone"},
    )  # fmt: skip
    assert told.send_to == ("10001", "10002")
    assert (told.data, told.channel) == ('{"a":1}', ("phone",))


@pytest.mark.parametrize(
    "settings",
    [
        {"content": "nothing.here"}, {"content": "length(a)"}, {"content": "to_number(b)"},
        {"content": "m", "send_to": "m"}, {"content": "avg(c)"},
        {"title": {"value": "x"}, "event": "z"},
        {"content": "m", "id": "long"}, {"content": "sort(d)"}, {"content": "to_string(e)"},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_shown_as_it_is(settings: dict[str, Any]) -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    body = {"a": 1, "b": {}, "m": "word", "c": [10**400, 1], "long": "x" * 200, "d": [1, "x"],
            "e": deep}  # fmt: skip
    found = reading(body, own(**settings))
    assert found.unread == "mine"
    assert "m：word" in found.report.content
    assert found.report.cut[-1] == "没能按来源 mine 读懂，按原样发"


def test_what_came_of_each_field_is_told() -> None:
    found = own(content="alarm.msg", title="nope", result="length(severity)")["mine"].find(BODY)
    assert [(one.name, one.written, one.value, one.fault) for one in found] == [
        ("content", "alarm.msg", "客厅", ""),
        ("title", "nope", None, "没有找到"),
        ("result", "length(severity)", None, "出错（JMESPathTypeError）"),
    ]
    assert own(content="token")["mine"].find(BODY)[0].fault == "没有找到", "no expression sees it"


def test_a_source_of_that_name_of_ones_own_comes_before_ours() -> None:
    sources = read_own_sources({"grafana": {"content": "x"}})
    told = read({"x": "mine"}, Context({"source": "grafana"}, {}, {}), sources)
    assert told.report.content == "mine"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ([], "应为 JSON 对象"),
        ("{", "不是合法的 JSON"),
        ({"a b": {}}, "名字里不能有空格"),
        ({"a": "x"}, "a：应为 JSON 对象"),
        ({"a": {}}, "a：应为 JSON 对象"),
        ({"a": {"titel": "x"}}, "a：没有 titel 这个字段；可用的有 title、content"),
        ({"a": {"title": "b.["}}, "a 的 title：不是合法的 JMESPath 表达式（第 4 个字符附近）"),
        ({"a": {"title": ""}}, "a 的 title：不是合法的 JMESPath 表达式"),
        ({"a": {"title": "nope(x)"}}, "a 的 title：没有 nope() 这个函数"),
        ({"a": {"title": "a[?b[*].c == nope(x)]"}}, "a 的 title：没有 nope() 这个函数"),
        ({"a": {"title": "x" * (MAX_EXPRESSION + 1)}}, "a 的 title：表达式过长"),
        ({"a": {"title": 7}}, "a 的 title：应为 JMESPath 表达式"),
        ({"a": {"result": {"1": "Fail"}}}, "a 的 result：没有写 from"),
        ({"a": {"result": {"from": "x", "1": ["Fail"]}}}, "a 的 result：里面的值应为字符串或整数"),
        ({"a": {"title": {"value": "x"}}}, "screenshot 至少要有一个是表达式"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_the_mend(settings: object, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate({"report_sources": settings})
    assert str(explain(caught.value)).startswith("REPORT_SOURCES 设置有误：")
    assert told in str(explain(caught.value))


def test_settings_are_read_as_env_gives_them_and_once() -> None:
    config = Config.model_validate({"report_sources": json.dumps({"unifi": UNIFI})})
    assert Config.model_validate(config.model_dump()) == config
    assert config.model_dump()["report_sources"] == {"unifi": UNIFI}
    assert read_own_sources(config.report_sources) == config.report_sources


EXPRESSIONS = [
    "a", "a[*].b", "*.*", "[]", "a[?b > `1`]", "sort_by(a, &b)", "map(&to_string(@), a)", "keys(a)",
    "max_by(a, &b)", "a | [0]", "a[::-1]", "{x: a, y: b}", "join('', a)", "merge(a, b)", "sum(a)",
    "to_number(a)", "not_null(a, b)", "contains(a, 'x')", "reverse(a)", "to_array(a)", "type(a)",
]  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abx"), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.sampled_from(EXPRESSIONS), st.dictionaries(st.sampled_from("ab"), ANYTHING))
def test_whatever_a_body_has_there_is_a_report(expression: str, body: dict[str, Any]) -> None:
    sources = own(content=expression, title=expression, timestamp=expression, data=expression)
    assert reading(body, sources).report.body


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_body_of_as_many_values_as_there_may_be_is_read(expression: str) -> None:
    body: dict[str, Any] = {"a": [{"b": "x" * 20}] * (MAX_VALUES // 2), "b": {}}
    assert len(reading(body, own(content=expression)).report.body) < 200_000


@pytest.mark.parametrize("name", ["screenshot", "screenshots"])
def test_a_picture_that_came_as_bytes_is_taken_and_named_in_data(name: str) -> None:
    body = {"title": "x", "screenshot": [jpeg()], "one": jpeg()}
    made = report(body, title="title", data="@", **{name: "screenshot"})
    assert [one.data for one in made.images] == [jpeg()]
    assert json.loads(made.data) == {"title": "x", "screenshot": ["[图片]"], "one": "[图片]"}
    assert [one.data for one in report(body, title="title", screenshot="one").images] == [jpeg()]
    assert report({"a": {"b": jpeg()}}, title="a").title == '{"b": "[图片]"}'


def test_half_a_character_in_a_story_does_not_come_in() -> None:
    assert report({"m": "x", "s": "\ud800"}, content="m", story="s").story == "\ufffd"


def test_a_body_of_more_values_than_an_expression_may_look_at_is_shown_as_it_is() -> None:
    source = own(content="a[?b=='c'].b | [0]", title="t")
    steps = sum(rule.steps for rule in source["mine"].rules.values())
    values = MAX_LOOKS // steps
    for more in (0, 1):
        items: list[Any] = [{"b": "c"}, *[0] * (values - 5 + more)]
        answer = reading({"a": items, "t": "题"}, source)
        assert bool(answer.unread) == bool(more)
    # A path looks at nothing but its steps.
    assert not reading({"a": [0] * MAX_VALUES, "t": "题"}, own(title="t")).unread


def test_a_source_that_is_tried_out_tells_what_came_of_it() -> None:
    _, lines = try_source(encoded(resolved(ALERTMANAGER)), "Alertmanager", {}, Config())
    assert lines[0] == "来源 alertmanager："
    assert {"  得到 event：alert.resolved", "  得到 用时：1 小时 5 分"} <= set(lines)
    made, lines = try_source(b"backup done", "grafana", {"to": "10002"}, Config())
    assert (made.content, made.send_to) == ("backup done", ("10002",))
    assert lines[-1] == "  没能读懂，会按原样发"
    with pytest.raises(InvalidReport, match="可用的有 grafana"):
        try_source(b"{}", "nobody", {}, Config())
