"""Reads and rewrites a request's path, as it was sent: an encoded slash belongs to a word."""

from collections.abc import Iterable
from urllib.parse import quote, unquote, unquote_plus

from starlette.types import Scope


def read_segments(scope: Scope) -> list[bytes]:
    """Read the segments of a path, encoded as they came; double and trailing slashes add none."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    root: str = scope.get("root_path", "")
    return [segment for segment in raw.removeprefix(root.encode()).split(b"/") if segment]


def decode_segment(segment: bytes) -> str:
    """Decode a segment. Clients that write words into a path encode blanks in either way."""
    return unquote_plus(segment.decode("latin-1"))


def readdress(scope: Scope, segments: Iterable[bytes]) -> Scope:
    """Give a request another path, of encoded segments."""
    root: str = scope.get("root_path", "")
    raw = root.encode() + b"/" + b"/".join(segments)
    path = unquote(raw.decode("latin-1"))
    return {**scope, "path": path, "raw_path": raw, "path_params": {}}
