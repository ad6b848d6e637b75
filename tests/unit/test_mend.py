"""JSON of tools that do not escape."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.sources.bodies.decode import LONG, MAX_VALUES
from nonebot_plugin_report.sources.bodies.mend import (
    MAX_QUOTES,
    MAX_STRINGS,
    NOTE,
    decode_json,
    mend,
)

MENDED = {
    "quotes": ('{"title": "MAA", "content": "任务 "剿灭" 完成"}', {"content": '任务 "剿灭" 完成'}),
    "quotes and commas": (
        '{"a": "he said, "hi", and left", "b": 1}', {"a": 'he said, "hi", and left'},
    ),
    "JSON in a value": ('{"a": "{"x": 1}", "b": "y"}', {"a": '{"x": 1}', "b": "y"}),
    "braces in a value": ('{"a": "use {"x"} so", "b": "y"}', {"a": 'use {"x"} so'}),
    "a folder": (r'{"a": "D:\MAA\debug", "b": "y"}', {"a": r"D:\MAA\debug"}),
    "a folder at the end": (r'{"a": "C:\", "b": "y"}', {"a": "C:\\", "b": "y"}),
    "a folder at the very end": (r'{"a": "C:\"}', {"a": "C:\\"}),
    "escapes and one that is none": (
        r'{"a": "one\ntwo \mona\u003e"}', {"a": "one\ntwo \\mona>"},
    ),
    "line breaks": ('{"a": "1\r\n2\t3"}', {"a": "1\r\n2\t3"}),
    "OneDragon's line breaks": ('{"a": "1\\n"2""}', {"a": '1\n"2"'}),
    "escaped and bare": (r'{"a": "\"x\" and "y""}', {"a": '"x" and "y"'}),
    "a comma too many": ('{"a": ["x", 1,], "b": "y",\n}', {"a": ["x", 1], "b": "y"}),
    "no numbers": ('{"a": NaN, "b": -Infinity}', {"a": None, "b": None}),
    "nested": (
        '{"a": {"b": "x "y" z", "c": [1, {"d": "e"}]}}',
        {"a": {"b": 'x "y" z', "c": [1, {"d": "e"}]}},
    ),
    "a list of strings": ('{"a": ["x "y"", "z"]}', {"a": ['x "y"', "z"]}),
}  # fmt: skip


@pytest.mark.parametrize("kind", MENDED)
def test_what_a_template_did_not_escape_is_mended(kind: str) -> None:
    body, expected = MENDED[kind]
    fields = decode_json(body.encode())
    assert fields.notes == ()
    assert fields.items() >= expected.items()


def test_gbk_is_read_too() -> None:
    body = '{"title": "备份", "content": "任务 "剿灭" 完成\\"}'.encode("gbk")
    assert decode_json(body) == {"title": "备份", "content": '任务 "剿灭" 完成\\'}
    assert decode_json(b'{"content": "\xff"}') == {"content": "\ufffd"}


@pytest.mark.parametrize(
    "body",
    ['{"content": "x"', "{'content': 'x'}", '{"title": {title}}', "备份完成", '{"a": "x" y: "z" 1}',
     '{"a": ["x" "y"', '{"a"', '{x "a": 1}', '{"content": "a "b"}]'],
)  # fmt: skip
def test_what_is_not_clear_is_text_with_a_note(body: str) -> None:
    fields = decode_json(body.encode())
    assert (fields, fields.notes) == ({"content": body}, (NOTE,))


@pytest.mark.parametrize(
    "body", [b"[]", b'""', b"null", b"1" * 5000, b"[" * 100_000, b'{"a":' * 9999]
)
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidReport):
        decode_json(body)


QUOTES = st.text(st.sampled_from(list('ab "\\\n,:{}[]备')), max_size=30)


@given(st.dictionaries(st.sampled_from(["title", "content", "event"]), QUOTES, min_size=1))
def test_no_word_is_lost_whatever_is_not_escaped(values: dict[str, str]) -> None:
    body = "{" + ", ".join(f'"{name}": "{text}"' for name, text in values.items()) + "}"
    shown = json.dumps(decode_json(body.encode()), ensure_ascii=False)
    for text in values.values():
        for word in re.findall("[ab备]+", text.replace("\\b", "")):
            assert word in shown


@given(QUOTES.filter(lambda text: not re.search(r'[\\:}\]]|,\s*"', text)))
def test_what_only_looks_harmless_is_read_as_it_was_meant(text: str) -> None:
    assert decode_json(f'{{"title": "x", "content": "{text}", "n": 1}}'.encode()) == {
        "title": "x", "content": text, "n": 1,
    }  # fmt: skip


HOSTILE = {
    "quotes": b'{"a":"' + b'"' * MAX_QUOTES + b'"}',
    "values": b'{"a":"b"c", "d": [' + b"1," * MAX_VALUES + b"1]}",
    "lists": b'{"a":"b"c", "d": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "space": b'{"a":"b"c", "d": ' + b" " * LONG + b"1}",
    "no object": b'"a "b""',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_costs_too_much_is_not_mended(kind: str) -> None:
    assert mend(HOSTILE[kind]) is None


def test_a_picture_beside_a_quote_stays_whole_and_a_long_text_does_not() -> None:
    picture = "A" * (LONG + 5)
    assert decode_json(f'{{"image": "{picture}", "a": "b "c""}}'.encode())["image"] == picture
    text = "\\ud83d\\ude00" * (LONG // 12 + 1)
    assert (
        len(str(decode_json(f'{{"content": "{text}", "a": "b "c""}}'.encode())["content"])) <= LONG
    )


@pytest.mark.parametrize("depth", [500, 900, 990, 5000])
def test_lists_in_lists_behind_a_broken_quote_stop_nothing(depth: int) -> None:
    body = '{"content": "a "b"", "data": ' + "[" * depth + "]" * depth + "}"
    fields = decode_json(body.encode())
    assert fields["content"] in ('a "b"', body)


def test_a_body_of_more_strings_than_a_template_has_is_text() -> None:
    def body(strings: int) -> bytes:
        names = ", ".join(f'"{number}": "x "y""' for number in range(strings // 2))
        return b"{" + names.encode() + b"}"

    assert len(decode_json(body(MAX_STRINGS))) == MAX_STRINGS // 2
    assert decode_json(body(MAX_STRINGS + 2)).notes == (NOTE,)


def test_half_a_character_of_what_is_mended_does_not_come_in() -> None:
    assert decode_json(rb'{"content": "a "b" \ud800"}') == {"content": 'a "b" \ufffd'}


@pytest.mark.parametrize("backslashes", range(5))
def test_only_quotes_without_an_escape_are_escaped(backslashes: int) -> None:
    before = "\\" * backslashes
    fields = decode_json(f'{{"content": "a "b{before}" \\u0063", "d": "e"}}'.encode())
    assert fields == {"content": f'a "b{before[: backslashes // 2]}" c', "d": "e"}
