"""Looks for a token in a body that arrives in pieces, without parsing it. Pure.

A stranger's body is not decoded: what looks like a token of a JSON object, a form or a form of
several parts is tried, and the rest is not looked at.
"""

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from itertools import islice
from typing import Final
from urllib.parse import unquote_plus

import orjson

from .credentials import BODY_NAMES

MAX_CANDIDATES: Final = 8
"""Most candidates of a body that are tried; they count as one attempt."""
MAX_MATCHES: Final = 64
"""Candidates of a piece that are looked at; the same may stand there again and again."""
MAX_TOKEN: Final = 2**12
"""Bytes of a token, as it is written."""
PIECE: Final = 2**16
"""Bytes that are looked at together; of a body in smaller pieces none is looked at twice."""

_OVERLAP: Final = MAX_TOKEN + 2**9
"""Bytes of the last piece that are looked at again with the next: a token may stand in both."""
_NAMES: Final = "|".join(BODY_NAMES).encode()
_JSON: Final = re.compile(
    rb'(?:"(?:%b)"\s{0,99}:|"device_keys"\s{0,99}:\s{0,99}\[)\s{0,99}("(?:[^"\\\x00-\x1f]|\\.){1,%d}"|\d{1,64}(?=[\s,}]))'
    % (_NAMES, MAX_TOKEN)
)
_PART: Final = re.compile(
    rb"\r\nContent-Disposition: *form-data; *name=\"?(?:%b)\"?\r\n(?:[^\r\n]{1,999}\r\n){0,4}\r\n"
    rb"\s{0,99}([^\r\n]{1,%d})\s{0,99}\r\n" % (_NAMES, MAX_TOKEN),
    re.IGNORECASE,
)
_FORM: Final = re.compile(rb"&(?:%b)=([^&\s]{1,%d})(?=[&\s])" % (_NAMES, MAX_TOKEN))
_FORM_START: Final = re.compile(rb"[A-Za-z_]\w{0,99}=")


class TokenSearch:
    """The search through one body."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        """What may be a token, as it was found."""
        self._waiting = bytearray()
        self._window = b""
        self._is_form: bool | None = None
        self._to_text = None
        """Decodes JSON in UTF-16 or UTF-32, which PowerShell writes."""

    def feed(self, content: bytes, *, is_last: bool = False) -> list[str]:
        """Look at the next bytes of the body, once there are enough; return new candidates."""
        self._waiting += content
        if len(self._waiting) < PIECE and not is_last:
            return []
        piece, self._waiting = bytes(self._waiting), bytearray()
        if self._is_form is None:
            self._begin(piece)
        if self._to_text is not None:
            piece = self._to_text.decode(piece, is_last).encode("utf-8", "replace")
        self._window += piece + (b"\r\n" if is_last else b"")
        before = len(self.tokens)
        candidates = _candidates(self._window, is_form=bool(self._is_form))
        for token in candidates:
            if len(self.tokens) == MAX_CANDIDATES:
                break
            if token not in self.tokens:
                self.tokens.append(token)
        self._window = self._window[-_OVERLAP:]
        return self.tokens[before:]

    def _begin(self, start: bytes) -> None:
        self._is_form = _FORM_START.match(start) is not None
        self._window = b"&" if self._is_form else b""
        encoding = json.detect_encoding(start)
        if encoding not in ("utf-8", "utf-8-sig"):
            self._to_text = getincrementaldecoder(encoding)("replace")


def find_tokens(content: bytes | bytearray) -> list[str]:
    """What may be a token in a whole body.

    >>> find_tokens(b'{"screenshot": "iVBOR", "token": "abc"}')
    ['abc']
    """
    search = TokenSearch()
    for start in range(0, len(content), PIECE):
        search.feed(bytes(content[start : start + PIECE]))
    search.feed(b"", is_last=True)
    return search.tokens


def _candidates(window: bytes, *, is_form: bool) -> Iterator[str]:
    for match in islice(_PART.finditer(window), MAX_MATCHES):
        yield match[1].decode("utf-8", "replace")
    if is_form:
        for match in islice(_FORM.finditer(window), MAX_MATCHES):
            yield unquote_plus(match[1].decode("utf-8", "replace"))
        return
    for match in islice(_JSON.finditer(window), MAX_MATCHES):
        try:
            yield str(orjson.loads(match[1]))
        except orjson.JSONDecodeError:
            continue
