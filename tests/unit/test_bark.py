"""What is sent for Bark, as the report that it becomes."""

import pytest

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.sources.bark import read_bark


@pytest.mark.parametrize(
    ("words", "title", "content"),
    [
        ([], "", "在字段里"),
        (["磁盘满了"], "", "磁盘满了"),
        (["NAS", "磁盘满了"], "NAS", "磁盘满了"),
        (["NAS", "客厅", "磁盘满了"], "NAS", "客厅\n磁盘满了"),
        (["NAS", "客厅", "/volume1", "满了"], "NAS", "客厅\n/volume1/满了"),
    ],
)
def test_words_of_the_path_win_over_the_fields(words: list[str], title: str, content: str) -> None:
    report = read_bark({"Body": "在字段里"}, words, {})
    assert (report.title, report.content) == (title, content)


def test_what_is_encrypted_is_refused_with_the_mend() -> None:
    with pytest.raises(InvalidReport, match="ciphertext：.*关掉 Bark 的加密"):
        read_bark({"ciphertext": "d3+P9k", "iv": "1234567890123456"}, [], {})
