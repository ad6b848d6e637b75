"""What stands before a request's body, read once: the headers and the URL's query."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import HTTPConnection

_HEADERS: Final = "nonebot_plugin_report.headers"
"""Where they are kept: in the request's ASGI scope."""


def headers_of(connection: HTTPConnection) -> Mapping[str, str]:
    """The headers by their names in lower case; of one that stands there twice the first. Looking
    one up in Starlette's reads all of them."""
    known: Mapping[str, str] | None = connection.scope.get(_HEADERS)
    if known is None:
        headers: list[tuple[bytes, bytes]] = connection.scope["headers"]
        known = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers[::-1]}
        connection.scope[_HEADERS] = known
    return known


def query_of(connection: HTTPConnection) -> Mapping[str, str]:
    """The fields of the query; of one that stands there twice the last."""
    return _query(connection.scope["query_string"])


@lru_cache(maxsize=64)  # a tool pushes to the same address again and again
def _query(written: bytes) -> Mapping[str, str]:
    return MappingProxyType(dict(parse_qsl(written.decode("latin-1"), keep_blank_values=True)))
