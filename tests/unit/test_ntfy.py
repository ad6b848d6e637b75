"""What is published for ntfy, as the report that it becomes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.sources.emoji import EMOJIS
from nonebot_plugin_report.sources.ntfy import RESULTS, read_json, read_publish
from nonebot_plugin_report.sources.ntfy_parts import MAX_ACTIONS, read_actions, read_delay
from tests.dialects import jpeg
from tests.tools import ALERTMANAGER

NOW = datetime(2026, 11, 30, 20, 40, 30, tzinfo=UTC)


def published(body: Any = b"", **parameters: str) -> Report:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_publish("nas", parameters, content, {}, NOW)


@pytest.mark.parametrize(
    ("tag", "result"),
    [
        ("red_circle", Result.FAIL), ("rotating_light", Result.FAIL), ("x", Result.FAIL),
        ("green_circle", Result.SUCCESS), ("white_check_mark", Result.SUCCESS),
        ("heavy_check_mark", Result.SUCCESS), ("warning", Result.PARTIAL),
    ],
)  # fmt: skip
def test_a_tag_that_shows_a_result_is_the_result(tag: str, result: Result) -> None:
    told = published(b"x", tags=f"{tag},nas")
    assert (told.result, told.content) == (result, "x\n#nas")


def test_other_tags_that_name_an_emoji_stand_before_the_title_and_the_rest_below() -> None:
    told = published(b"x", tags="dog,nas,cd,daily", title="备份")
    assert (told.title, told.content) == ("🐶💿 备份", "x\n#nas #daily")
    assert published(b"x", tags="dog").content == "🐶 x"
    assert RESULTS.keys() <= EMOJIS.keys()


def test_the_highest_priority_does_not_wait_for_the_morning() -> None:
    for priority in ("5", "max", "urgent", "Urgent"):
        assert published(b"x", priority=priority).urgent
    assert not published(b"x", priority="4").urgent
    assert read_json({"topic": "nas", "message": "x", "priority": 5}, {}, NOW).urgent


def test_a_line_break_that_a_header_can_only_spell_is_one() -> None:
    assert published(message="一\\n二").content == "一\n二"


@pytest.mark.parametrize(
    ("actions", "lines"),
    [
        ("view, 打开, https://x/?a=1, clear=true", ["打开：https://x/?a=1"]),
        ("action=view, label='一, 二', url=https://x", ["一, 二：https://x"]),
        ("view, 打开, https://x; http, 关空调, https://y, body='{\"a\": 1; 2}'",
         ["打开：https://x", "[按钮 关空调，QQ 里按不了]"]),
        ('[{"action": "view", "label": "打开", "url": "https://x"}]', ["打开：https://x"]),
        ([{"action": "view", "label": "打开", "url": "https://x"}, 7], ["打开：https://x"]),
        ("[{", []), ("", []), (None, []), ([{"action": "broadcast"}], []),
    ],
)  # fmt: skip
def test_a_button_that_opens_an_address_is_a_link(actions: object, lines: list[str]) -> None:
    assert read_actions(actions) == lines


def test_no_more_buttons_than_ntfy_takes() -> None:
    assert len(read_actions(";".join(["view, a, https://x"] * 9))) == MAX_ACTIONS
    assert len(read_actions([{"label": "a", "url": "https://x"}] * 9)) == MAX_ACTIONS


@pytest.mark.parametrize(
    ("delay", "at"),
    [
        ("30min", NOW + timedelta(minutes=30)), ("1 day", NOW + timedelta(days=1)),
        ("2h30m", NOW + timedelta(hours=2.5)), ("tomorrow", NOW + timedelta(days=1)),
        ("9 pm", datetime(2026, 11, 30, 21, tzinfo=UTC)),
        ("20:00", datetime(2026, 12, 1, 20, tzinfo=UTC)),
        ("12am", datetime(2026, 12, 1, tzinfo=UTC)),
        ("tomorrow, 10:30", datetime(2026, 12, 1, 10, 30, tzinfo=UTC)),
        (str(int(NOW.timestamp()) + 600), NOW.replace(microsecond=0) + timedelta(minutes=10)),
        (int(NOW.timestamp()) + 600, NOW + timedelta(minutes=10)),
        ("", None), (None, None), ("0", None), (int(NOW.timestamp()) - 600, None),
    ],
)  # fmt: skip
def test_when_a_message_is_to_be_delivered(delay: object, at: datetime | None) -> None:
    assert read_delay(delay, NOW) == at


@pytest.mark.parametrize(
    ("delay", "mend"),
    [("someday", "30m、2h、1d"), ("25:99", "30m、2h、1d"), ("4d", "最多推迟 3 天"),
     ("999999999d", "最多推迟 3 天")],
)  # fmt: skip
def test_a_time_that_cannot_be_read_is_refused_with_those_that_can(delay: str, mend: str) -> None:
    with pytest.raises(InvalidReport, match=f"delay：.*{mend}"):
        published(b"x", delay=delay)


def test_json_for_the_servers_address_is_read_at_a_topics_too() -> None:
    told = published({"topic": "nas", "message": "满了", "title": "磁盘", "tags": ["x"]})
    assert (told.title, told.content, told.result) == ("磁盘", "满了", Result.FAIL)
    assert published({"disk": "sda"}).content == '{"disk": "sda"}'


def test_a_template_that_names_fields_is_filled() -> None:
    body = {"host": "pc", "error": {"level": "严重", "desc": "满了"}}
    told = published(body, template="yes", title="{{.host}}：{{ .error.level }}",
                     message="{{.error.desc}}\\n{{.none}}")  # fmt: skip
    assert (told.title, told.content) == ("pc：严重", "满了")


def test_of_a_template_that_does_more_the_body_is_read_as_a_push() -> None:
    body = {"title": "磁盘", "message": "满了"}
    told = published(body, template="1", message="{{range .alerts}}x{{end}}", priority="5")
    assert (told.title, told.body, told.event) == ("磁盘", "满了", "nas")
    assert told.urgent


def test_alerts_that_are_published_twice_are_two_messages() -> None:
    told = published(ALERTMANAGER, template="alertmanager")
    assert told.title == "触发：InstanceDown"
    assert (told.key, told.key_seconds) == ("", None)


def test_a_picture_is_shown_and_of_another_file_its_name() -> None:
    shown = published(jpeg(), message="前门有人")
    assert (shown.content, len(shown.images)) == ("前门有人", 1)
    assert published(b"\x00\x01\xff", filename="log.gz").content == "[文件 log.gz]"
    assert published(b"\x00\x01\xff", message="日志").content == "日志\n[文件]"


def test_a_message_without_words_reads_as_ntfy_shows_it() -> None:
    assert published().content == "triggered"


def test_words_that_begin_as_json_are_words() -> None:
    assert published("{备份} 好了".encode()).content == "{备份} 好了"


@pytest.mark.parametrize(
    ("fields", "mend"),
    [
        ({"message": "x"}, "topic：没有写 topic"), ({"topic": 7}, "topic：没有写 topic"),
        ({"topic": "nas", "message": {"a": 1}}, "message：应为字符串"),
    ],
)  # fmt: skip
def test_json_without_a_topic_or_words_is_refused_by_field(
    fields: dict[str, object], mend: str
) -> None:
    with pytest.raises(InvalidReport, match=mend):
        read_json(fields, {}, NOW)


def test_what_stands_behind_a_buttons_address_is_no_part_of_it() -> None:
    assert read_actions("view, 打开, https://x, more, clear=true") == ["打开：https://x"]
