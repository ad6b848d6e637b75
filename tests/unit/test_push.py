"""What a push by command is made of."""

import io
import sys
from base64 import b64decode
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nonebot_plugin_report.cli.arguments import read_arguments
from nonebot_plugin_report.cli.push import SourceBody, fields_of, source_body
from nonebot_plugin_report.errors import NotDone


def fields(*arguments: str) -> dict[str, Any]:
    return fields_of(read_arguments(["push", *arguments]))


def test_several_pictures_are_pushed_in_order(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(name.encode())
    pushed = fields("--image", str(tmp_path / "a.png"), "--image", str(tmp_path / "b.png"))
    assert [b64decode(one) for one in pushed["screenshots"]] == [b"a.png", b"b.png"]
    assert pushed["content"] == ""


def test_words_come_from_the_standard_input_and_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO("管道里的".encode("gbk"))))
    log = tmp_path / "log.txt"
    log.write_text("文件里的", "utf-8")
    assert fields("-", "--file", str(log))["content"] == "管道里的\n文件里的"
    assert fields("完成", "--file", str(log))["content"] == "完成\n文件里的"
    assert fields("--file", str(log))["content"] == "文件里的"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "没有写要推的内容"),
        (("--file", "none.txt"), "读不了文件 none.txt：没有这个文件"),
        (("--image", "none.png"), "读不了图片 none.png"),
    ],
)
def test_what_cannot_be_read_is_told(
    arguments: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotDone, match=told):
        fields(*arguments)


def test_a_file_that_is_no_text_is_told_where_pictures_go(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(bytes(range(256)))
    with pytest.raises(NotDone, match="--image"):
        fields("--file", str(file))


def of_source(*arguments: str) -> SourceBody:
    return source_body(read_arguments(["push", "--source", "unifi", *arguments]))


def test_a_sources_body_is_pushed_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "body.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert of_source("--file", str(tmp_path / "body.json")).content == b'\xef\xbb\xbf{"a": 1}'
    assert of_source('{"a": 1}').content == b'{"a": 1}'
    for arguments in ((), ("-",)):
        stdin = SimpleNamespace(buffer=io.BytesIO(b"raw \xff"), isatty=lambda: False)
        monkeypatch.setattr(sys, "stdin", stdin)
        assert of_source(*arguments).content == b"raw \xff"
    named = of_source("x", "--to", "1", "--to", "2", "--to-group", "7", "--title", "t").query
    assert named == {"source": "unifi", "send_to": "1,2", "send_to_group": "7", "title": "t"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("x", "--image", "a.png"), "自己带图片"),
        (("x", "--file", "a.json"), "只能有一份"),
        (("--file", "none.json"), "读不了文件 none.json"),
        ((), "没有写要推的内容"),
        ((" ",), "没有写要推的内容"),
    ],
)
def test_a_sources_body_that_is_not_there_is_told(
    arguments: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    with pytest.raises(NotDone, match=told):
        of_source(*arguments)
