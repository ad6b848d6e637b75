"""Removes a channel's secrets from its service's answers."""

from collections.abc import Iterable
from typing import Any, Final, cast
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from pydantic import BaseModel, SecretStr

SHORTEST: Final = 6
"""Characters of a secret in a row that must not be shown."""
MASK: Final = "***"
MAX_TEXT: Final = 8192
"""Characters read of each text in an answer."""
MAX_DEPTH: Final = 16
"""Levels read of an answer's JSON."""
_SHORTEST_KEY: Final = 8
_LONGEST_WORD: Final = 20


class Redactor:
    """Masks the secrets of a channel's settings."""

    def __init__(self, settings: BaseModel) -> None:
        secrets = [
            value.get_secret_value() for value in _values(settings) if isinstance(value, SecretStr)
        ]
        keys = _spelled(key for one in secrets for key in _keys(one))
        whole = keys | _spelled(part for one in secrets for part in _addresses(one))
        self._whole = sorted(whole, key=len, reverse=True)
        # A service may repeat a part of a secret.
        self._pieces = {key[at : at + SHORTEST] for key in keys for at in range(len(key) - 5)}

    def mask(self, text: str) -> str:
        """Mask whole secrets in a text, which may be partly ours."""
        for secret in self._whole:
            text = text.replace(secret, MASK)
        return text

    def mask_pieces(self, text: str) -> str:
        """Mask secrets in a service's text, whole or in pieces.

        Not for our own texts, which may happen to contain a piece of a secret.
        """
        text = self.mask(text)
        parts: list[str] = []
        at = copied = 0
        while at <= len(text) - SHORTEST:
            if text[at : at + SHORTEST] not in self._pieces:
                at += 1
                continue
            if copied < at or not parts:
                parts += (text[copied:at], MASK)
            at, copied = at + 1, at + SHORTEST
        return "".join([*parts, text[copied:]])

    def answer(self, value: Any, depth: int = 0) -> Any:
        """Mask the secrets in a service's JSON, and cut it to a bounded size."""
        match value:
            case str():
                return self.mask_pieces(value[:MAX_TEXT])
            case dict() | list() if depth >= MAX_DEPTH:
                return None
            case dict():
                fields = cast("dict[str, Any]", value)
                return {name: self.answer(one, depth + 1) for name, one in fields.items()}
            case list():
                return [self.answer(one, depth + 1) for one in cast("list[Any]", value)]
            case _:
                return value


def _spelled(secrets: Iterable[str]) -> set[str]:
    """Spell each secret plain and URL-encoded; secrets too short to recognize are left out."""
    spellings = {spelled for one in secrets for spelled in (one, unquote(one), quote(one, safe=""))}
    return {one for one in spellings if len(one) >= SHORTEST}


def _values(value: object) -> Iterable[object]:
    match value:
        case BaseModel():
            for item in value.__dict__.values():
                yield from _values(item)
        case dict():
            for item in value.values():  # pyright: ignore[reportUnknownVariableType] - any setting
                yield from _values(item)  # pyright: ignore[reportUnknownArgumentType] - likewise
        case list() | tuple():
            for item in value:  # pyright: ignore[reportUnknownVariableType] - any setting
                yield from _values(item)  # pyright: ignore[reportUnknownArgumentType] - likewise
        case _:
            yield value


def _split(secret: str) -> SplitResult | None:
    """Parse the URL in a setting, or return None."""
    try:
        return urlsplit(secret) if "://" in secret else None
    except ValueError:
        return None


def _keys(secret: str) -> list[str]:
    """List the secret parts of a setting: all of it, or a URL's parts that are no plain words."""
    if (url := _split(secret)) is None:
        return [secret]
    values = (value for _, value in parse_qsl(url.query))
    return [url.username or "", url.password or "", *filter(_is_key, url.path.split("/")), *values]


def _addresses(secret: str) -> list[str]:
    url = _split(secret)
    return [] if url is None else [secret, url.path, url.query]


def _is_key(segment: str) -> bool:
    """Return whether a segment of a URL's path is a key rather than a word such as `webhook`."""
    has_digit = any(character.isdigit() for character in segment)
    return len(segment) > _LONGEST_WORD or (has_digit and len(segment) >= _SHORTEST_KEY)
