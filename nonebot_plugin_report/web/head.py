"""What stands before a request's body, read once: the headers and the URL's query."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_plus

from starlette.requests import HTTPConnection

MAX_REMEMBERED: Final = 256
"""Bytes of a query that is remembered when its request is over: a push address has that many."""
MAX_NAME: Final = 256
"""Characters of a field's name that is decoded; nothing has a longer one."""
_HEADERS: Final = "nonebot_plugin_report.headers"
_QUERY: Final = "nonebot_plugin_report.query"
"""Where they are kept: in the request's ASGI scope."""


def headers_of(connection: HTTPConnection) -> Mapping[str, str]:
    """The headers by their names in lower case; of one that stands there twice the first. Looking
    one up in Starlette's reads all of them."""
    by_name: Mapping[str, str] | None = connection.scope.get(_HEADERS)
    if by_name is None:
        headers: list[tuple[bytes, bytes]] = connection.scope["headers"]
        by_name = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers[::-1]}
        connection.scope[_HEADERS] = by_name
    return by_name


class Query(Mapping[str, str]):
    """The fields of a URL's query; of one that stands there twice the last. A value is decoded when
    it is asked for: who has no token has only that looked for."""

    def __init__(self, written: bytes) -> None:
        self._written: dict[str, str] = {}
        self._read: dict[str, str] = {}
        for part in written.decode("latin-1").split("&"):
            name, _, value = part.partition("=")
            if part:
                self._written[_unquoted(name) if len(name) <= MAX_NAME else name] = value

    def __getitem__(self, name: str) -> str:
        if (value := self._read.get(name)) is None:
            value = self._read[name] = _unquoted(self._written[name])
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)


def query_of(connection: HTTPConnection) -> Mapping[str, str]:
    """The fields of the query. The guard has bounded their number and their length."""
    written: bytes = connection.scope["query_string"]
    if len(written) <= MAX_REMEMBERED:
        return _remembered(written)
    query: Mapping[str, str] | None = connection.scope.get(_QUERY)
    if query is None:
        query = connection.scope[_QUERY] = Query(written)
    return query


@lru_cache(maxsize=64)  # a tool pushes to the same address again and again
def _remembered(written: bytes) -> Mapping[str, str]:
    return Query(written)


def _unquoted(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text
