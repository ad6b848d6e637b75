"""The web server writes the URL of every request to the log, mistyped ones too: tokens are masked
in it, wherever they stand and however a door would decode them. What was answered 200 is left out:
each push tells itself where it went, and once is enough. So is what a browser has already (304)."""

import logging
import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote, unquote

import pybase64

from .credentials import HEADER_IN_QUERY, KEY_NAMES, KEY_PATHS, QUERY_NAMES

BOUND_LENGTH: Final = 24
"""Characters of bound users' tokens, of which only the digest is known."""
MAX_SHOWN: Final = 512
"""Most characters of a URL in the log. Masking a line holds up everybody, for as long as it is."""
MAX_DECODED: Final = 3
"""How many times it may be percent-encoded."""
MAX_BASE64: Final = 2
"""How many times a token may be in base64: a Basic password in a header in the query."""
MAX_HASHED: Final = 128
"""Pieces of a line that are hashed to look for a bound user's token; what is longer is masked."""
MAX_RUNS: Final = 64
"""Runs of a line that are looked at as base64; what comes after is masked."""
MIN_BASE64: Final = 8
"""Characters of what may be a token in base64."""
MASK: Final = "***"

_QUERY_VALUE: Final = re.compile(
    rf"((?:{'|'.join((*QUERY_NAMES, *KEY_NAMES, HEADER_IN_QUERY))})=)[^&\s\"]*", re.IGNORECASE
)
_IN_PATH: Final = re.compile(rf"({'|'.join(map(re.escape, KEY_PATHS))})[^?\s\"]*", re.IGNORECASE)
_RUN: Final = re.compile(rf"[A-Za-z0-9_-]{{{BOUND_LENGTH},}}")
_RUN_BYTES: Final = re.compile(_RUN.pattern.encode())
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_PRINTABLE: Final = "".join(map(chr, range(33, 127)))


class TokenMask(logging.Filter):
    """Masks tokens in the web server's log lines."""

    def __init__(self, route: str, tokens: Iterable[str], is_token: Callable[[str], bool]) -> None:
        """`route` is ours, empty where every address is; `tokens` are those of the settings;
        `is_token` recognizes bound users'."""
        super().__init__()
        self._ours = re.compile(rf"{re.escape(route)}(?:[/?]|$)")
        self._tokens = _Tokens(tokens, is_token)
        longest = max(map(len, self._tokens.encoded), default=0)
        self._max_read = MAX_SHOWN + max(MAX_SHOWN, longest * len("%41"))
        """Characters that are looked at: a token that begins within `MAX_SHOWN` is whole."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record, or leave it out."""
        match record.args:
            case (_, _, str() as url, _, 200 | 304) if self._ours.match(url):
                return False  # as uvicorn's access log has it
            case _:
                pass
        if isinstance(record.args, tuple):
            record.args = tuple(
                self.mask(argument) if isinstance(argument, str) and "/" in argument else argument
                for argument in record.args
            )
        return True

    def mask(self, url: str) -> str:
        """A URL with its tokens masked: plain, percent-encoded, and in base64.

        Masks before it cuts, so that no part of a token survives.
        """
        line = _Line(self._tokens)
        is_long = len(url) > MAX_SHOWN
        url = masked = line.mask(url[: self._max_read])
        for _ in range(MAX_DECODED):
            if "%" not in url:
                break
            url = unquote(url)
            if (again := line.mask(url)) != url:
                url, masked = again, quote(again, safe=_PRINTABLE)
        if is_long:
            masked = masked[:MAX_SHOWN]
            masked = masked[: max(map(masked.rfind, "&?/")) + 1] + "…"
        return masked

    def install(self) -> None:
        """Filter uvicorn's loggers of requests (HTTP and WebSocket)."""
        for name in ("uvicorn.access", "uvicorn.error"):
            logging.getLogger(name).addFilter(self)


class _Tokens:
    """The tokens, as they are looked for."""

    def __init__(self, tokens: Iterable[str], is_token: Callable[[str], bool]) -> None:
        self.plain: Final = sorted(tokens, key=len, reverse=True)
        self.encoded: Final = [token.encode("utf-8", "replace") for token in self.plain]
        self.is_token: Final = is_token
        shortest = min(map(len, self.encoded), default=BOUND_LENGTH)
        length = max(MIN_BASE64, min(shortest, BOUND_LENGTH) * 4 // 3)
        pattern = rf"[A-Za-z0-9+/_-]{{{length},}}"
        self.base64: Final = re.compile(rf"{pattern}={{0,2}}")
        self.inner_base64: Final = re.compile(pattern.encode())


class _Line:
    """The masking of one line, whose work is bounded."""

    def __init__(self, tokens: _Tokens) -> None:
        self._tokens = tokens
        self._hashes = MAX_HASHED
        self._runs = MAX_RUNS
        self._masked: dict[str, str] = {}
        self._bound: dict[str, str] = {}
        """What was looked at already: a line is masked in each of its encodings."""

    def mask(self, url: str) -> str:
        """Mask what stands at a token's place, and each token that stands anywhere."""
        if "=" in url:
            url = _QUERY_VALUE.sub(rf"\1{MASK}", url)
        url = _IN_PATH.sub(rf"\1{MASK}", url)
        for token in self._tokens.plain:
            url = url.replace(token, MASK)
        url = self._tokens.base64.sub(self._mask_base64, url)
        return _RUN.sub(lambda run: self._mask_bound(run[0]), url)

    def _mask_base64(self, run: re.Match[str]) -> str:
        text = run[0]
        if text not in self._masked:
            self._runs -= 1
            is_token = self._runs < 0 or self._has_token(text.encode("ascii"), MAX_BASE64)
            self._masked[text] = MASK if is_token else text
        return self._masked[text]

    def _has_token(self, text: bytes, depth: int) -> bool:
        """Whether a token stands in what a text is the base64 of. Other characters may stand before
        it, so that it begins at any of four places."""
        written = text.rstrip(b"=").translate(_URL_SAFE)
        for start in range(4):
            end = len(written) - (len(written) - start) % 4
            piece = written[start:end]
            if len(written) - end > 1:
                piece += written[end:].ljust(4, b"=")
            decoded = pybase64.b64decode(piece)
            if any(token in decoded for token in self._tokens.encoded):
                return True
            for run in _RUN_BYTES.finditer(decoded):
                if self._mask_bound(run[0].decode("ascii")) != run[0].decode("ascii"):
                    return True
            if depth > 1:
                for run in self._tokens.inner_base64.finditer(decoded):
                    if self._has_token(run[0], depth - 1):
                        return True
        return False

    def _mask_bound(self, text: str) -> str:
        """Mask the bound users' tokens in a run; all of it where too much was hashed already."""
        if text in self._bound:
            return self._bound[text]
        starts = range(len(text) - BOUND_LENGTH + 1)
        if len(starts) > self._hashes:
            return MASK
        self._hashes -= len(starts)
        masked = text
        for start in starts:
            piece = text[start : start + BOUND_LENGTH]
            if self._tokens.is_token(piece):
                masked = masked.replace(piece, MASK)
        self._bound[text] = masked
        return masked
