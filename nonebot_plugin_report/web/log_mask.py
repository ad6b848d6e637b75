"""The web server writes the URL of every request to the log, mistyped ones too: tokens are masked
in it, wherever they stand. What was answered 200 is left out: each push tells itself where it went,
and once is enough. So is what a browser has already (304)."""

import logging
import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote, unquote

BOUND_LENGTH: Final = 24
"""Characters of bound users' tokens, of which only the digest is known."""
MAX_SHOWN: Final = 2048
"""Most characters of a URL in the log."""
MAX_DECODED: Final = 3
"""How many times it may be percent-encoded."""
MASK: Final = "***"

_AFTER_TOKEN: Final = re.compile(r"(token=)[^&\s\"]*|(/api/push/)[^?\s\"]*", re.IGNORECASE)
_RUN: Final = re.compile(rf"[A-Za-z0-9_-]{{{BOUND_LENGTH},}}")
_PRINTABLE: Final = "".join(map(chr, range(33, 127)))


class TokenMask(logging.Filter):
    """Masks tokens in the web server's log lines."""

    def __init__(self, route: str, tokens: Iterable[str], is_token: Callable[[str], bool]) -> None:
        """`route` is ours, `tokens` are those of the settings; `is_token` recognizes bound
        users'."""
        super().__init__()
        self._ours = re.compile(rf"{re.escape(route)}(?:[/?]|$)")
        self._tokens = sorted(tokens, key=len, reverse=True)
        self._is_token = is_token

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record, or leave it out."""
        match record.args:
            case (_, _, str() as url, _, 200 | 304) if self._ours.match(url):
                return False  # as uvicorn's access log has it
            case _:
                pass
        if isinstance(record.args, tuple):
            record.args = tuple(
                self.mask(one) if isinstance(one, str) and "/" in one else one
                for one in record.args
            )
        return True

    def mask(self, url: str) -> str:
        """A URL with its tokens masked, plain and percent-encoded ones."""
        if len(url) > MAX_SHOWN:
            # No half of a token is left: what is in the way of the cut is masked before, or goes.
            url = self._mask_known(url)[:MAX_SHOWN]
            url = url[: max(map(url.rfind, "&?/")) + 1] + "…"
        url = masked = self._mask(url)
        for _ in range(MAX_DECODED if "%" in url else 0):
            url = unquote(url)
            if (found := self._mask(url)) != url:
                url, masked = found, quote(found, safe=_PRINTABLE)
        return masked

    def install(self) -> None:
        """Filter uvicorn's loggers of requests (HTTP and WebSocket)."""
        for name in ("uvicorn.access", "uvicorn.error"):
            logging.getLogger(name).addFilter(self)

    def _mask(self, url: str) -> str:
        return _RUN.sub(self._mask_bound, self._mask_known(url))

    def _mask_known(self, url: str) -> str:
        url = _AFTER_TOKEN.sub(rf"\1\2{MASK}", url)
        for token in self._tokens:
            url = url.replace(token, MASK)
        return url

    def _mask_bound(self, run: re.Match[str]) -> str:
        text = run[0]
        for start in range(len(text) - BOUND_LENGTH + 1):
            piece = text[start : start + BOUND_LENGTH]
            if self._is_token(piece):
                text = text.replace(piece, MASK)
        return text
