"""Settings: what is taken, and how a wrong one is named."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from nonebot_plugin_report.config import Config, explain, unknown_settings


def complaint(**settings: object) -> str:
    with pytest.raises(ValidationError) as refused:
        Config.model_validate(settings)
    return str(explain(refused.value))


def test_everything_has_a_default() -> None:
    config = Config()
    assert config.report_token is None
    assert config.report_route == "/report"


def test_values_of_env_files_that_look_like_numbers_are_taken() -> None:
    config = Config.model_validate({"report_token": 123456, "report_from": 10001})
    assert (config.report_token, config.report_from) == ("123456", "10001")


def test_forms_of_others_can_say_what_each_setting_means() -> None:
    schema = Config.model_json_schema()
    assert schema["properties"]["report_route"]["description"] == "接收推送的路径"
    for kind in ("Rule", "Watch", "Beat"):
        for name, told in schema["$defs"][kind]["properties"].items():
            assert told["description"], f"{kind}.{name}"


@pytest.mark.parametrize(
    ("text", "seconds"), [("24h", 86400), ("90s", 90), (15, 15), ("1.5m", 90), ("7d", 604800)]
)
def test_durations(text: object, seconds: float) -> None:
    assert Config.model_validate({"report_expire": text}).report_expire == seconds


def test_sizes() -> None:
    assert Config.model_validate({"report_max_body": "1MiB"}).report_max_body == 1 << 20


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("report_token", 1e5), ("report_token", True), ("report_token", {"a": 1}),
        ("report_expire", "soon"), ("report_expire", 0), ("report_expire", -1),
        ("report_expire", True), ("report_send_interval", "fast"), ("report_send_interval", -1),
        ("report_max_body", "lots"), ("report_max_body", 10), ("report_route", "/"),
        ("report_route", "/a b"), ("report_route", "/{x}"), ("report_route", 7),
        ("report_template", "{nope}"), ("report_template", 7),
        ("report_database_url", "mysql://x/y"), ("report_retention", []),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_in_one_chinese_line(name: str, value: object) -> None:
    line = complaint(**{name: value})
    assert line.startswith(f"{name.upper()} 设置有误：")
    assert "\n" not in line


def test_a_refused_secret_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as refused:
        Config.model_validate({"report_token": {"k": "s3cret"}, "report_expire": "s3cret"})
    assert "s3cret" not in str(refused.value)
    assert "s3cret" not in str(explain(refused.value))


def test_the_token_is_in_no_repr() -> None:
    assert "s3cret" not in repr(Config.model_validate({"report_token": "s3cret"}))


def test_routes_are_brought_into_form() -> None:
    assert Config.model_validate({"report_route": "a/b/"}).report_route == "/a/b"


def test_mistyped_settings_are_found() -> None:
    assert unknown_settings(["report_tokne", "report_token", "host"]) == ["REPORT_TOKNE"]


TOKEN = {"token": "x" * 20, "to": ["private:1", "me"]}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"report_rules": [{}, {"evnt": "a"}]}, "RULES 设置有误：第 2 条的 evnt：没有这个设置"),
        ({"report_rules": [{"to": "superuser"}]}, "RULES 设置有误：第 1 条的 to：'superuser' 应为"),
        ({"report_rules": [{"fallback": "channel:x"}]}, "第 1 条的 fallback：REPORT_CH"),
        ({"report_rules": [{"time": "25:00-8"}]}, "第 1 条的 time：时间应写成"),
        ({"report_rules": [{"match": "(("}]}, "第 1 条的 match：不是合法的正则表达式"),
        ({"report_rules": [{"token": "bob"}]}, "第 1 条的 token：REPORT_TOKENS 里没有名为 bob"),
        ({"report_rules": [{"drop": True, "to": "superusers"}]}, "第 1 条：drop 和 to 不能一起写"),
        ({"report_rules": "[{"}, "RULES 设置有误：不是合法的 JSON"),
        ({"report_tokens": {"a": {"token": "x" * 20}}}, "TOKENS 设置有误：a 的 to：没有填写"),
        ({"report_tokens": {"self": TOKEN}}, "TOKENS 设置有误：'self' 不能做令牌的名字"),
        ({"report_tokens": {"Master": TOKEN}}, "TOKENS 设置有误：'Master' 不能做令牌的名字"),
        ({"report_tokens": {"a": {**TOKEN, "default": "group:1"}}}, "default：group:1 不在 to 里"),
        ({"report_tokens": {"a": TOKEN, "b": TOKEN}}, "b 的 token：和另一个令牌相同"),
        ({"report_watch": [{"after": "a"}]}, "WATCH 设置有误：第 1 条的 within：没有填写"),
        ({"report_watch": [{"after": "a", "within": 9, "token": "bob"}]}, "第 1 条的 token：REP"),
        ({"report_quiet": {"grp:1": "23:00-08:00"}}, "QUIET 设置有误：'grp:1' 应为"),
        ({"report_quiet": "23:00-08:00", "report_expire": "9h"}, "*：要等 9 小时"),
        ({"report_quiet": "0:00-24:00", "report_expire": "7d"}, "QUIET 设置有误：*：全天都免打扰"),
        ({"report_rate": "9/1d"}, "RATE 设置有误：要等 24 小时，推送却只存 24 小时"),
        ({"report_tokens": {"a": {**TOKEN, "rate": "9/2d"}}}, "TOKENS 设置有误：a 的 rate：要等"),
        ({"report_bind": "everyone"}, "BIND 设置有误：应为 off、friends 或 group:群号"),
    ],
)  # fmt: skip
def test_a_mistake_inside_names_the_entry_and_the_field(
    settings: dict[str, object], told: str
) -> None:
    aliases = {"report_aliases": {"me": ["private:1", "group:2"]}}
    assert told in complaint(**settings, **aliases)


@pytest.mark.parametrize(
    "wrong",
    ["private:1a", "group:0", "group:", "private:１２３４５６７８９０１２３４５６７８９０",
     "channel:a b", "private:1:2", ":1", "private:1 via 2", "private:*"],
)  # fmt: skip
@pytest.mark.parametrize(
    "place",
    [lambda one: {"report_rules": [{"to": [one]}]}, lambda one: {"report_default_targets": [one]},
     lambda one: {"report_rules": [{"fallback": [one]}]},
     lambda one: {"report_quiet": {one: "1:00-2:00"}},
     lambda one: {"report_watch": [{"after": "a", "within": 9, "to": [one]}]},
     lambda one: {"report_aliases": {"x": [one]}}],
)  # fmt: skip
def test_what_is_no_target_is_refused_wherever_it_stands(
    place: Callable[[str], dict[str, object]], wrong: str
) -> None:
    assert "应为 superusers、private:QQ号" in complaint(**place(wrong))


def test_what_people_write_is_read_into_the_same_values() -> None:
    def read(target: str, listed: str, time: str, name: str) -> Config:
        return Config.model_validate({
            "report_channels": {"phone": {"type": "bark", "device_key": "k" * 20}},
            "report_aliases": {"me": [target]},
            "report_default_targets": listed,
            "report_quiet": {target: f"{time}-8:00"},
            "report_rules": [
                {"to": listed, "fallback": [target], "from": "９0001", "token": name}
            ],
            "report_tokens": {
                "a": {"token": "x" * 20, "to": f"{listed}, group:*", "default": target}
            },
            "report_watch": [{"since": time, "within": "1h", "to": [target], "token": [name]}],
            "report_bind": target.replace("private", "group"),
            "report_from": " ０90001 ",
        })  # fmt: skip

    plain = read("private:10001", "me,channel:phone,private:10001", "23:00", "bind:7")
    odd = read(
        " private： ０１０００１ ",
        "me，channel ： phone；private: １０００１",
        "２３：00",
        "bind： 7",
    )
    assert {**odd.__dict__, "report_tokens": 0} == {**plain.__dict__, "report_tokens": 0}
    assert odd.report_tokens["a"].model_dump() == plain.report_tokens["a"].model_dump()
    assert plain.report_from == plain.report_rules[0].send_from[0] == "90001"
    assert plain.report_bind == ("group:10001",)
    again = {**plain.model_dump(by_alias=True), "report_channels": plain.report_channels}
    assert Config.model_validate(again) == plain, "what was read can be written and read again"


def test_what_was_not_set_can_be_written_and_read_again() -> None:
    """As for the demo, so that nothing of the user's settings holds there."""
    assert Config.model_validate(Config().model_dump()) == Config()


@pytest.mark.parametrize("value", [10**400, "9" * 400, 1e999, "9" * 20 + "d"])
@pytest.mark.parametrize("name", ["report_expire", "report_merge", "report_max_body"])
def test_numbers_beyond_all_measure_are_refused(name: str, value: object) -> None:
    assert "数字" in complaint(**{name: value})


@pytest.mark.parametrize("rate", ["0/1h", "20/0s", "20", "1e3/1h", (0, 5.0), "9" * 5000 + "/1h"])
def test_a_rate_lets_something_through(rate: object) -> None:
    assert "20/1h" in complaint(report_rate=rate)


@pytest.mark.parametrize("default", ["private:1", "me", "group:2"])
def test_a_tokens_defaults_may_be_what_it_reaches(default: str) -> None:
    token = {**TOKEN, "default": default}
    rule = {"token": ["a", "master", "bind:10002"]}
    Config.model_validate({
        "report_aliases": {"me": ["private:1", "group:2"]},
        "report_tokens": {"a": token}, "report_rules": [rule],
    })  # fmt: skip
