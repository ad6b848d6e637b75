"""`.env` as people write and save it."""

import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger

from nonebot_plugin_report.cli.env_file import decode, quote_json, read_env_file


@pytest.mark.parametrize(
    "written",
    ["123,456", "[123, 456]", '["123", "456"]', "“123”，“456”", "[“123”、“456”]", "123 456",
     '"123;456"', "['123','456']"],
)  # fmt: skip
def test_superusers_may_be_written_in_any_way(tmp_path: Path, written: str) -> None:
    (tmp_path / ".env").write_text(f"SUPERUSERS={written}\n", encoding="utf-8")
    values = read_env_file(tmp_path / ".env")
    assert json.loads(values["SUPERUSERS"] or "") == ["123", "456"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_every_encoding_of_windows_is_read(encoding: str) -> None:
    assert decode("# 你的 QQ 号\nA=推送\n".encode(encoding)) == "# 你的 QQ 号\nA=推送\n"


def test_json_over_several_lines_needs_no_quotes(tmp_path: Path) -> None:
    channels = {"phone": {"type": "bark", "device_key": "it's \\ a \"#key"}, "b": [1, {}]}
    file = tmp_path / ".env"
    file.write_text(
        f"# REPORT_RULES=[\nREPORT_CHANNELS={json.dumps(channels, indent=1)}  # 两个\n"
        'A={"b": "c #d"}\nB=x\n',
        encoding="utf-8",
    )
    values = read_env_file(file)
    assert json.loads(values.pop("REPORT_CHANNELS") or "") == channels
    assert values == {"A": '{"b": "c #d"}', "B": "x"}


def test_what_never_closes_is_left_for_the_settings_to_complain_of() -> None:
    text = 'A={\n"b": 1\nC=d\n'
    assert quote_json(text) == text


VALUES = st.text(string.ascii_letters + string.digits + "[]{},:./_-", max_size=20)


@given(st.dictionaries(st.sampled_from("ABCDE"), VALUES, max_size=5))
def test_what_is_written_the_usual_way_is_read_as_ever(values: dict[str, str]) -> None:
    lines = "".join(f"{name}='{value}'\n" for name, value in values.items())
    assert quote_json(lines) == lines


def test_a_line_that_is_no_setting_is_told_by_its_number(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n这 是 什么\nB=2\n", encoding="utf-8")
    said: list[str] = []
    sink = logger.add(said.append, format="{message}")
    try:
        assert read_env_file(tmp_path / ".env") == {"A": "1", "B": "2"}
    finally:
        logger.remove(sink)
    (line,) = said
    assert "第 2 行看不懂" in line
