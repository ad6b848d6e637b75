"""Reads multipart/form-data (RFC 7578): texts, and pictures as files. Pure.

The whole body has arrived, within its bounds, in memory or a file: its parts are found in place,
and each is copied once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import unquote

from ...errors import InvalidReport, UnsupportedMedia
from ...model.text import clean
from .decode import Fields, cut, decode_text, find
from .form import FORM_FIELDS, PICTURES, WORDS, decode_plain, gather, is_picture

MAX_PARTS: Final = 100
MAX_HEADERS: Final = 4096
"""Bytes of a part's headers."""
MAX_BOUNDARY: Final = 200
"""Characters. RFC 2046 section 5.1.1 has 70."""
MAX_PADDING: Final = 100
"""Characters between a boundary and the end of its line."""
MAX_HEADS: Final = 64 * 2**10
"""Bytes of the headers of all parts."""
MAX_LINES: Final = 20
"""Lines of a part's headers that are read."""
MAX_PARAMETERS: Final = 10
"""Parameters of a part's Content-Disposition that are read; RFC 7578 has three."""
MAX_NAME: Final = 64
"""Characters that are shown of a file's name."""

_BOUNDARY: Final = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^\s;,"]+))', re.IGNORECASE)
_PARAMETER: Final = re.compile(r';\s*([\w-]+\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^\s;]*))')
_CHARSET: Final = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part, as its headers describe it."""

    name: str
    filename: str | None
    """None: the part is no file."""
    media_type: str
    content: bytes

    @property
    def is_picture(self) -> bool:
        """Whether the part is labelled as a picture, or is one."""
        return self.media_type.startswith("image/") or is_picture(self.content)

    def text(self) -> str:
        """Decode the content as text. Raises UnsupportedMedia if it is none."""
        charset = _CHARSET.search(self.media_type)
        return str(decode_plain(self.content, charset[1] if charset else "")["content"])


def read_boundary(content_type: str) -> bytes:
    """Read the boundary between the parts from the header's parameters.

    Raises:
        InvalidReport: there is no boundary, or it is too long.
    """
    match = _BOUNDARY.search(content_type)
    boundary = (match[1] or match[2]) if match else ""
    if not 0 < len(boundary) <= MAX_BOUNDARY:
        raise InvalidReport("body", "multipart 的 Content-Type 里没有写 boundary，或者它太长")
    return boundary.encode("latin-1", "replace")


def decode_multipart(body: bytes | bytearray, boundary: bytes) -> Fields:
    """Read a form of several parts. Pictures are screenshots under whatever name; a file of text is
    the field of its name, or the content if no other field has words.

    Raises:
        InvalidReport: it is not built as it should be, or of too many parts.
    """
    pairs: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    pictures: list[object] = []
    notes: list[str] = []
    for part in _parts(body, boundary):
        if part.is_picture:
            pictures.append(part.content)
        elif part.content:
            ours = part.filename is None or part.name in FORM_FIELDS
            try:
                (pairs if ours else others).append((part.name, part.text()))
            except UnsupportedMedia:
                filename = clean(part.filename or part.name)[:MAX_NAME]
                notes.append(f"文件 {filename} 不是图片，没有保留")
    fields = gather(pairs)
    if pictures:
        named = [fields.pop(name) for name in PICTURES if name in fields]
        fields["screenshot"] = [*pictures, *named]
    if others and not WORDS.intersection(fields):
        fields["content"] = "\n".join(text for _, text in others)
        others = []
    notes += ["文本文件没有保留：请求里已经有正文"] if others else []
    return Fields(fields, *notes)


def _parts(body: bytes | bytearray, boundary: bytes) -> Iterator[_Part]:
    mark, between = b"--" + boundary, b"\r\n--" + boundary
    at = 0 if body.startswith(mark) else find(body, between, 0) + 2
    if at == 1:
        raise InvalidReport("body", "multipart 里没有 Content-Type 写的那个 boundary")
    at += len(mark)
    heads = 0
    for _ in range(MAX_PARTS):
        if body.startswith(b"--", at):
            return
        line_end = body.find(b"\r\n", at, at + MAX_PADDING)
        start = body.find(b"\r\n\r\n", line_end, line_end + MAX_HEADERS)
        heads += start - line_end
        if line_end < 0 or start < 0 or heads > MAX_HEADS:
            raise InvalidReport("body", "multipart 里有一段的开头太长，或不完整")
        end = find(body, between, start + 4)
        if end < 0:
            raise InvalidReport("body", "multipart 没有结尾，没有传完整")
        yield _part(cut(body, line_end, start), cut(body, start + 4, end))
        at = end + len(between)
    if not body.startswith(b"--", at):
        raise InvalidReport("body", f"multipart 最多 {MAX_PARTS} 段")


def _part(head: bytes, content: bytes) -> _Part:
    text = str(decode_text(head)["content"])
    unfolded = re.sub(r"\r\n[ \t]+", " ", text).removeprefix("\r\n")
    lines = unfolded.split("\r\n", MAX_LINES)[:MAX_LINES]
    headers = {
        name.strip().lower(): value for name, _, value in (line.partition(":") for line in lines)
    }
    parameters: dict[str, str] = {}
    disposition = headers.get("content-disposition", "")
    for match in islice(_PARAMETER.finditer(disposition), MAX_PARAMETERS):
        value = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
        if match[1].endswith("*"):  # RFC 5987: charset'language'value
            value = unquote(value.rpartition("'")[2])
        parameters.setdefault(match[1].lower().removesuffix("*"), value)
    media_type = headers.get("content-type", "").strip().lower()
    return _Part(parameters.get("name", ""), parameters.get("filename"), media_type, content)
