"""Reads `.env` as people write and save it: Windows' encodings, lists without brackets, JSON over
several lines without quotes. NoneBot wants UTF-8, JSON lists and quotes."""

import codecs
import io
import json
import logging
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import nonebot.config
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from nonebot import logger

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte-order marks at the beginning of a file, and their encodings."""
_JSON_BEGINS: Final = re.compile(r"^[ \t]*(?:export[ \t]+)?\w+[ \t]*=[ \t]*(?=[\[{])", re.MULTILINE)
_JSON_PART: Final = re.compile(r'"(?:\\.|[^"\\\n])*"|[\[{]|[\]}]')
_NOTHING_MORE: Final = re.compile(r"[ \t]*(?:#[^\n]*)?(?=\n|\Z)")
_SEPARATORS: Final = re.compile(r"[\s,，;；、]+")
_AROUND: Final = "\"'“”‘’「」[]【】()（） \t"


def install() -> None:
    """Make NoneBot read every `.env` by `read_env_file`, for itself and for each plugin."""
    # NoneBot takes a path and an encoding, but no text: it reads files by this function.
    config: Any = nonebot.config
    config.dotenv_values = read_env_file
    for name, value in os.environ.items():  # which stands above the files
        if value and (repair := _REPAIRS.get(name.lower())):
            os.environ[name] = repair(value)


def read_env_file(path: str | os.PathLike[str], encoding: str = "") -> dict[str, str | None]:
    """Read the settings of a file. Unusual forms are put right; a warning names each bad line.

    Raises:
        OSError: the file cannot be read.
    """
    del encoding  # the file's own bytes show it
    return dict(_parse(Path(path).read_bytes(), str(path)))


@cache
def _parse(content: bytes, path: str) -> dict[str, str | None]:
    text = quote_json(decode(content))
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            line = binding.original.line
            logger.warning(f"{path} 第 {line} 行看不懂，没有读它；应写成 名字=值，注释以 # 开头")
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)  # it would say so again, in English
    values = dotenv_values(stream=io.StringIO(text))
    return {
        name: repair(value) if value and (repair := _REPAIRS.get(name.lower())) else value
        for name, value in values.items()
    }


def decode(content: bytes) -> str:
    """Decode a file as Windows' Notepad saves it: UTF-8, UTF-16 or GBK."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("gb18030", "replace")
    return text


def quote_json(text: str) -> str:
    """Put quotes around JSON that goes over several lines, or has a `#` in it."""
    text = text.replace("\r\n", "\n")
    quoted, done = "", 0
    for match in _JSON_BEGINS.finditer(text):
        begin, end = match.end(), _end_of_json(text, match.end())
        value = text[begin:end]
        if begin < done or not _NOTHING_MORE.match(text, end) or not re.search(r"[\n#]", value):
            continue
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        quoted, done = f"{quoted}{text[done:begin]}'{escaped}'", end
    return quoted + text[done:]


def _end_of_json(text: str, begin: int) -> int:
    """Find the end of the JSON at `begin`; `begin` itself where its brackets are never closed."""
    depth = 0
    for part in _JSON_PART.finditer(text, begin):
        depth += (part[0] in "[{") - (part[0] in "]}")
        if depth == 0:
            return part.end()
    return begin


def _list(value: str) -> str:
    """Write a list in any form as JSON."""
    try:
        read: Any = json.loads(value)
    except ValueError:
        read = None
    entries = read if isinstance(read, list) else _SEPARATORS.split(value)  # pyright: ignore[reportUnknownVariableType] - any JSON
    stripped = (str(one).strip(_AROUND) for one in entries)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - likewise
    return json.dumps([word for word in stripped if word], ensure_ascii=False)


def _host(value: str) -> str:
    return "127.0.0.1" if value.strip().lower() == "localhost" else value


_REPAIRS: Final[dict[str, Callable[[str], str]]] = {
    "superusers": _list,
    "nickname": _list,
    "host": _host,
    "log_level": str.upper,
}
"""Functions that put values of NoneBot's own settings right, by the settings' names."""
