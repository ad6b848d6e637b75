"""What a channel with a title and a text shows of a message."""

import pytest

from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report, Result
from nonebot_plugin_report.routing.template import DEFAULT_TEMPLATE, compile_template


def shown(template: str = "", **fields: str) -> tuple[str, str]:
    """A message's title and body, after a template."""
    report = Report(result=Result.SUCCESS, timestamp="12:00", **fields)  # pyright: ignore[reportArgumentType] - only texts are given
    words = (compile_template(template) if template else DEFAULT_TEMPLATE).render(report)
    message = Message(words, (), report)
    return message.title, message.body


def test_title_is_the_heading_and_the_body_what_is_beyond() -> None:
    assert shown(event="domain.end", message="共 5 次") == ("✅ 自动秘境结束", "共 5 次\n12:00")


@pytest.mark.parametrize("template", ["", "{icon} {body}\n{timestamp}", "{body}\n{timestamp}"])
@pytest.mark.parametrize(
    ("message", "title", "body"),
    [
        ("自动秘境结束", "✅ 自动秘境结束", "12:00"),
        ("自动秘境结束，共 5 次", "✅ 自动秘境结束，共 5 次", "12:00"),
        ("自动秘境结束\n共 5 次", "✅ 自动秘境结束", "共 5 次\n12:00"),
    ],
)
def test_what_the_words_say_too_is_said_once(
    template: str, message: str, title: str, body: str
) -> None:
    assert shown(template, event="domain.end", message=message) == (title, body)


def test_without_a_heading_the_first_line_is_the_title_with_the_icon() -> None:
    assert shown(message="备份完成\n共 5 次") == ("✅ 备份完成", "共 5 次\n12:00")


@pytest.mark.parametrize("title", ["", "备份"])
def test_a_long_line_is_never_a_title_alone(title: str) -> None:
    words = "备份完成了" * 100
    short, body = shown(title=title, content=words)
    assert len(short) < 100
    assert short.startswith("✅ 备份")
    assert body == f"{words}\n12:00"


def test_a_long_heading_is_not_repeated() -> None:
    heading = "标" * 300
    assert shown(title=heading, content="共 5 次") == (f"✅ {heading}", "共 5 次\n12:00")


def test_a_result_of_the_senders_own_stands_before_the_title() -> None:
    report = Report(title="备份", result="skipped")
    assert Message("", (), report).title == "[skipped] 备份"


def test_a_picture_alone_has_a_title() -> None:
    assert (Message("").title, Message("").body) == ("[截图]", "")
