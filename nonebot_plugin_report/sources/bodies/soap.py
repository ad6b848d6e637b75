"""Reads Apprise's xml://: a Notification in a SOAP envelope. Pure.

https://github.com/caronc/apprise (apprise/plugins/custom_xml.py). Nothing is parsed as XML, which
has entities that grow: Apprise writes plain elements, and files in base64.
"""

import re
from html import unescape
from itertools import islice
from typing import Final

import pybase64

from .decode import Fields, find

MAX_START: Final = 1024
"""Most bytes before the Notification."""
MAX_WORDS: Final = 2**18
"""Bytes of the elements, which stand before the files: a text as long as it may be, in Chinese, has
196,608."""
MAX_ELEMENTS: Final = 100
MAX_FILES: Final = 100
MAX_TAG: Final = 4096
"""Bytes of a file's name and type."""
_NAMES: Final = {
    "Version": "version", "Subject": "title", "Message": "message", "MessageType": "type",
}  # fmt: skip
"""Fields of Apprise's JSON, by the names of elements."""
_ELEMENT: Final = re.compile(r"<([A-Za-z_]\w{0,63})>([^<]*)</\1>")
_ATTRIBUTE: Final = re.compile(r'(\w+)="([^"]*)"')
_FILE: Final = b"<Attachment "
_FILE_END: Final = b"</Attachment>"


def is_notification(body: bytes | bytearray) -> bool:
    """Whether a body is a Notification."""
    return body.startswith(b"<?xml") and b"<Notification" in body[:MAX_START]


def decode_notification(body: bytes | bytearray) -> Fields:
    """Read a Notification as the fields of Apprise's JSON; pictures become screenshots."""
    at = find(body, _FILE, 0)
    elements = _text(body[: min(len(body) if at < 0 else at, MAX_WORDS)])
    fields: dict[str, object] = {
        _NAMES.get(name, name): value for name, value in _pairs(_ELEMENT, elements).items()
    }
    pictures: list[object] = []
    others: list[dict[str, str]] = []
    while at >= 0 and len(pictures) + len(others) < MAX_FILES:
        start = body.find(b">", at, at + MAX_TAG) + 1
        end = find(body, _FILE_END, start) if start else -1
        if end < 0:
            return Fields(fields | _files(pictures, others), "有附件没有传完整，没有保留")
        attributes = _pairs(_ATTRIBUTE, _text(body[at:start]))
        if attributes.get("mimetype", "").startswith("image/"):
            pictures.append(_decoded(body, start, end))
        else:
            others.append(attributes)
        at = find(body, _FILE, end)
    return Fields(fields | _files(pictures, others))


def _files(pictures: list[object], others: list[dict[str, str]]) -> dict[str, object]:
    return {"screenshot": pictures, "attachments": others}


def _decoded(body: bytes | bytearray, start: int, end: int) -> bytes | str:
    """Decode a file; `?` where it is no base64, so that the report names the fault."""
    with memoryview(body) as whole:
        try:
            return pybase64.b64decode(whole[start:end], validate=True)
        except ValueError:
            return "?"


def _pairs(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    matches = islice(pattern.finditer(text), MAX_ELEMENTS)
    return {match[1]: unescape(match[2]) for match in matches}


def _text(content: bytes | bytearray) -> str:
    return content.decode("utf-8", "replace")
