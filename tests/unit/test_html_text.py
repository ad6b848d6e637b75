"""HTML as lines of words."""

import pytest

from nonebot_plugin_report.sources.html_text import MAX_DEPTH, read_html


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('<p><a href="mailto:ops@nas.example">写信</a></p>', "写信：ops@nas.example"),
        ("<p>磁盘满了<hr>NAS</p>", "磁盘满了\n———\nNAS"),
        ("<b>日志</b> 见 </unknown>", "日志 见 </unknown>"),
        ("<html><body><p> 磁盘满了</p>\n <p>\n NAS</p></body></html>", "磁盘满了\nNAS"),
    ],
)
def test_each_element_reads_well(written: str, words: str) -> None:
    assert read_html(written) == words


@pytest.mark.parametrize(("begin", "end"), [
    ("<ul>", "</ul>"), ("<table><tr><td>", "</td></tr></table>"),
])  # fmt: skip
def test_words_within_more_elements_than_are_told_apart_stay(begin: str, end: str) -> None:
    depth = MAX_DEPTH + 1
    assert read_html(f"一{begin * depth}二{end * depth}三").split() == ["一", "二", "三"]
