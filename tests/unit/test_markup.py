"""Marks of Markdown and HTML go; words, links and line breaks stay."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.model.report import Result
from nonebot_plugin_report.sources import gotify, ntfy, onebot
from nonebot_plugin_report.sources.apprise_api import read_notify
from nonebot_plugin_report.sources.bark import read_bark
from nonebot_plugin_report.sources.markup import (
    MAX_HTML,
    MAX_MARKDOWN,
    MAX_MARKS,
    from_html,
    from_markdown,
    may_be_marked,
    plain,
)
from nonebot_plugin_report.sources.qmsg import read_qmsg
from nonebot_plugin_report.sources.synology import read_synology
from nonebot_plugin_report.sources.telegram import read_telegram
from nonebot_plugin_report.web.content import decoder_for, header_fields

NOW = datetime(2026, 11, 30, 4).astimezone()


@pytest.mark.parametrize(
    "text",
    [
        "任务完成 *2，理智 #1，等级 < 50，_未命名_",
        "[BetterGI] 3*4*5=60, 2**3 和 4**5",
        "**kwargs, **options",
        "138****1234",
        "<未知> <unknown> a<b>c",
        "# 1 号机\n# 2 号机",
        "- 石头 x3\n- 木头 x2\n  - 橡木",
        "修复 `<br>` 的解析",
        "C:\\_log\\[BetterGI]\\*.txt",
        "  前面有空格\n\n\n后面有空行 \t",
        "|√|完成|X|失败|",
        "掉落统计（1-7）:\n  固源岩: 3\n----\n  糖: 1",
        "",
    ],
)
def test_a_text_without_marks_is_left_as_it_is(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**完成**：3 项", "完成：3 项"),
        ("**提示：**请看", "提示：请看"),
        ("## 日报\n> 一切正常", "日报\n一切正常"),
        ("看 [日志](https://a.example/%E4%B8%AD)吧", "看 日志：https://a.example/%E4%B8%AD 吧"),
        ("[https://a.example](https://a.example)", "https://a.example"),
        ("![图](https://a.example/1.png)", "图：https://a.example/1.png"),
        ("**表**\n\n| 项 | 值 |\n|---|---|\n| 树脂 | 160 |", "表\n项：值\n树脂：160"),
        ("| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |", "a | b | c\n1 | 2 | 3"),
        ("## x\n* 一\n* 二\n  * 三\n1. 四\n2) 五", "x\n- 一\n- 二\n  - 三\n1. 四\n2) 五"),
        ("出错：\n```py\nx = **a\n  y\n```", "出错：\nx = **a\n  y"),
        ("**x**\n---\ny", "x\ny"),
        ("**x**\n\n---\ny", "x\n———\ny"),
        ('## 状态\n<font color="info">正常</font><br>第二行', "状态\n正常\n第二行"),
        ("**x** `a_b*c` 3*4*5 138****1234 D:\\_a\\[b]", "x a_b*c 3*4*5 138****1234 D:\\_a\\[b]"),
        ("**x**\n[BetterGI]: 任务完成 <unknown>", "x\n[BetterGI]: 任务完成 <unknown>"),
    ],
)
def test_markdown_loses_its_marks(text: str, words: str) -> None:
    assert plain(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a<br>b<br/>\nc", "a\nb\nc"),
        ("<b>粗</b> 文\n  第二行 <UID>", "粗 文\n  第二行 <UID>"),
        ("<p>一 &amp; 二</p><p>三</p>", "一 & 二\n三"),
        ("<ul><li>一<li>二</ul><ol start=3><li>三</li></ol>", "- 一\n- 二\n3. 三"),
        ("<table><tr><th>k<th>v<tr><td>1<td>2</table>", "k：v\n1：2"),
        ("<table><tr><td>a</td><td>b</td><td>c</td></tr></table>", "a | b | c"),
        ('<a href="https://a.example/?a=1&amp;b=2">点</a>我', "点：https://a.example/?a=1&b=2 我"),
        ("<a href='/x'>站内</a>", "站内"),
        ('<div>图<img src="cid:1" alt="截图"></div>', "图[图片 截图]"),
        (
            "<!doctype html><html><head><style>p{}</style></head><body><p>a\n b</p></body></html>",
            "a b",
        ),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<div><!-- x -->字</div>", "字"),
    ],
)
def test_html_loses_its_tags(text: str, words: str) -> None:
    assert plain(text) == words


def test_what_is_declared_is_read_where_it_is_not_clear() -> None:
    assert from_markdown("_完成_ `x`") == "完成 x"
    assert from_html("1 &lt; 2") == "1 < 2"


def test_a_text_of_marks_alone_stays() -> None:
    assert from_html("<br>") == "<br>"
    assert from_markdown("<!-- x -->") == "<!-- x -->"


@given(
    st.lists(
        st.sampled_from([
            "<a ", "<b>", "</b>", "<br>", "<!--", "<![CDATA[", "<![x", "<?", "<script>", "<td>",
            "</table>", "<ol start=x>", "&", "&#", "**", "*", "_", "[", "](", "![", ")", "`", "```",
            "\n", "# ", "> ", "- ", "1. ", "|", "|-|", "~~", "\\", '"', " ", "字", "\0", "\ud800",
        ])
    )
)  # fmt: skip
def test_no_text_is_too_much(pieces: list[str]) -> None:
    text = "".join(pieces)
    for read in (plain, from_html, from_markdown):
        assert bool(read(text).strip()) == bool(text.strip())


def test_what_lies_beyond_the_bounds_stays_as_it_was_written() -> None:
    beyond = "\n**x**<br>"
    for text in ("a" * MAX_MARKDOWN + beyond, "**a**\n" * MAX_MARKS + beyond):
        assert from_markdown(text).endswith(beyond)
    assert from_html("<br>" + "a" * MAX_HTML + beyond).endswith(beyond)


def test_a_body_with_marks_is_seen_before_it_is_read() -> None:
    for body in (b"**a**", b"[a](b)", b"<p>", rb'{"a": "\u003cbr\u003e"}', b"a=%3Cbr%3E"):
        assert may_be_marked(body)
    assert may_be_marked(b"**a** " + b"a" * 100_000)
    assert not may_be_marked(b'{"event": "domain.end", "message": "3*4"}')


@pytest.mark.parametrize(
    ("parameters", "body", "words"),
    [
        ({"markdown": "yes"}, "_完成_", "完成"),
        ({}, "_完成_", "_完成_"),
        ({"markdown": "0"}, "_完成_", "_完成_"),
        ({}, "**完成**", "完成"),
    ],
)
def test_ntfys_markdown_is_read_where_it_is_declared_or_clear(
    parameters: dict[str, str], body: str, words: str
) -> None:
    assert ntfy.read_publish("t", parameters, body.encode(), {}, NOW).content == words


@pytest.mark.parametrize(
    ("extras", "words"),
    [
        ({"client::display": {"contentType": "text/markdown"}}, "完成"),
        ({"client::display": {"contentType": "text/plain"}}, "_完成_"),
        ({"client::display": 1}, "_完成_"),
        (None, "_完成_"),
    ],
)
def test_gotifys_markdown_is_read_where_it_is_declared(extras: object, words: str) -> None:
    message: dict[str, Any] = {"message": "_完成_", "extras": extras}
    assert gotify.read_gotify(message, {}).content == words


def test_a_markdown_segment_loses_its_marks_and_a_text_segment_none() -> None:
    segments = [
        {"type": "markdown", "data": {"content": "_a_ "}},
        {"type": "text", "data": {"text": "_b_"}},
    ]
    assert onebot.read_message(segments)["content"] == "a_b_"


@pytest.mark.parametrize(
    ("media_type", "words"),
    [
        ("text/html; charset=utf-8", "完成 _x_"), ("text/markdown", "完成 x"),
        ("text/plain", "<b>完成</b> _x_"),
    ],
)  # fmt: skip
def test_a_body_whose_type_says_that_it_is_marked_up_is_read_so(
    media_type: str, words: str
) -> None:
    decode = decoder_for({"content-type": media_type}, is_open=False, has_token=True)
    content = str(decode(bytearray("<b>完成</b> _x_".encode()))["content"])
    assert content == words


def test_the_subject_of_a_mail_by_webhook_is_its_title() -> None:
    assert header_fields({"subject": "backup"}) == {"title": "backup"}
    assert header_fields({"subject": "a", "title": "b"}) == {"title": "b"}


def test_what_is_written_for_telegram_is_read_by_its_mode() -> None:
    def sent(words: str, mode: str) -> str:
        return read_telegram("sendmessage", {"text": words, "parse_mode": mode}, {}).content

    assert sent("<b>a</b> &lt; <tg-spoiler>b</tg-spoiler>", "HTML") == "a < b"
    assert sent("*a* 1\\.5 _b_", "MarkdownV2") == "a 1.5 b"
    assert sent("*a* 1\\.5 _b_", "") == "*a* 1\\.5 _b_"


def test_what_is_written_for_other_doors_loses_clear_marks() -> None:
    assert read_bark({"title": "t", "markdown": "# a\n_b_"}, [], {}).content == "a\nb"
    assert read_bark({"body": "**a**", "group": "g"}, [], {}).content == "a"
    assert read_synology({"text": "**a**"}, {}).content == "a"
    assert read_qmsg("send", {"msg": "**a**"}, {}).content == "a"
    assert read_notify({"body": "_a_", "format": "markdown"}, {}).content == "a"
    assert read_notify({"body": "a<br>b", "format": "text"}, {}).content == "a\nb"


def test_barks_group_is_the_event_where_the_words_have_none() -> None:
    assert read_bark({"body": "你好", "group": "default"}, [], {}).event == "default"
    report = read_bark({"body": "自动秘境结束", "group": "default"}, [], {})
    assert (report.event, report.result) == ("domain.end", Result.SUCCESS)


def test_what_stands_behind_the_marks_of_a_block_of_code_is_its_language_or_words() -> None:
    assert from_markdown("```python\nx = 1\n```") == "x = 1"
    assert from_markdown("``` Details\nx = 1\n```") == "Details\nx = 1"


def test_an_address_in_brackets_stays_as_it_is_written() -> None:
    assert from_markdown("**日志** <https://nas.example/a%20b>") == (
        "日志 https://nas.example/a%20b"
    )
