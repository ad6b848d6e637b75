"""Bodies that a plugin in the same process hands over for a source."""

import subprocess
import sys
from types import MappingProxyType

import pytest

from nonebot_plugin_report.errors import BodyTooLarge, InvalidReport
from nonebot_plugin_report.sources.body import Pushed, read_value

UP = {"monitor": {"name": "博客"}, "heartbeat": {"status": 1, "msg": "200 - OK"}, "msg": "x"}


def read(value: object, source: object = "", **defaults: object) -> Pushed:
    return read_value(value, source, defaults, {}, 1000)


@pytest.mark.parametrize("value", [UP, MappingProxyType(UP)], ids=["dict", "mapping"])
def test_an_object_is_read_as_what_its_source_would_have_pushed(value: object) -> None:
    assert "博客" in read(value, "uptimekuma").report.heading


@pytest.mark.parametrize(
    "value",
    ['{"title": "备份好了"}', "title=备份好了", '{"title": "备份好了"}'.encode(),
     bytearray('{"title": "备份好了"}'.encode()), memoryview('{"title": "备份好了"}'.encode())],
)  # fmt: skip
def test_text_and_bytes_are_read_as_a_body_of_either_kind(value: object) -> None:
    pushed = read(value, event="backup")
    assert (pushed.report.title, pushed.report.event) == ("备份好了", "backup")


@pytest.mark.parametrize("value", [{"title": "x" * 1001}, "x" * 1001, b"x" * 1001])
def test_a_body_that_is_too_long_is_refused(value: object) -> None:
    with pytest.raises(BodyTooLarge):
        read(value)


@pytest.mark.parametrize(
    ("value", "source", "mend"),
    [
        ({"a": {1, 2}}, "", "body：应为 JSON 能写的值"),
        ({"title": "x"}, 7, "source：应为来源的名字"),
    ],
)
def test_what_is_no_body_and_no_name_is_refused(value: object, source: object, mend: str) -> None:
    with pytest.raises(InvalidReport, match=mend):
        read(value, source)


def test_no_push_waits_until_the_readers_are_loaded() -> None:
    code = (
        "import sys, nonebot\nnonebot.init()\n"
        "from nonebot_plugin_report.sources.body import load_readers\n"
        "load_readers()\nloaded = set(sys.modules)\n"
        "from nonebot_plugin_report.sources.parse import parse\n"
        "parse({'event': 'domain.end', 'result': 0, 'message': 'x'})\n"
        "assert set(sys.modules) == loaded, set(sys.modules) - loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
