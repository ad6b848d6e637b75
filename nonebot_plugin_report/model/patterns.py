"""Regular expressions and globs of the settings, compiled once.

They search text from outside, so both take linear time: Python's own engine backtracks, which took
seconds for an ordinary rule.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import translate
from importlib import import_module
from typing import Any, Final

MAX_MEMORY: Final = 2 * 2**20
"""Bytes of memory for one pattern, its program and cache."""

# https://github.com/google/re2/wiki/Syntax: \d, \s and \w are ASCII's there; in Python, all of
# Unicode's.
_DIGIT: Final = r"\p{Nd}"
_SPACE: Final = r"\s\x{85}\p{Z}"
_WORD: Final = r"\p{L}\p{N}_"
_ALONE: Final = {
    r"\d": _DIGIT, r"\D": r"\P{Nd}", r"\s": f"[{_SPACE}]", r"\S": f"[^{_SPACE}]",
    r"\w": f"[{_WORD}]", r"\W": f"[^{_WORD}]", r"\Z": r"\z",
}  # fmt: skip
_IN_CLASS: Final = {r"\d": _DIGIT, r"\D": r"\P{Nd}", r"\s": _SPACE, r"\w": _WORD}
_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\.", re.DOTALL)
_PIECE: Final = re.compile(
    rf"(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])|(?:{_ESCAPE.pattern})", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression."""

    text: str
    """As it was written, in Python's syntax.

    Raises:
        ValueError: it is invalid, or beyond a linear-time engine; the text is Chinese.
    """
    _search: Callable[[bytes], object] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_search", _compile(self.text))

    def found_in(self, text: str) -> bool:
        """Whether it matches anywhere in a text."""
        return self._search(text.encode("utf-8", "replace")) is not None


@dataclass(frozen=True, slots=True)
class Globs:
    """Shell-style wildcards; a name matches if any of them matches all of it."""

    texts: tuple[str, ...]
    _compiled: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # fnmatch.translate's patterns do not backtrack over a star.
        compiled = tuple(re.compile(translate(one)) for one in self.texts)
        object.__setattr__(self, "_compiled", compiled)

    def match(self, name: str) -> bool:
        """Whether any matches; case-sensitive."""
        return any(one.match(name) for one in self._compiled)


def _compile(pattern: str) -> Callable[[bytes], object]:
    # Imported here: it takes ten milliseconds, and few rules have a pattern. It has no types.
    re2: Any = import_module("re2")
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    options.never_capture = True
    try:
        return re2.compile(_for_re2(pattern), options).search
    except (re2.error, UnicodeEncodeError) as error:
        fault = str(error)
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        reason = error.msg if isinstance(error, re.error) else "过长"
        raise ValueError(f"不是合法的正则表达式（{reason}）") from None
    if "too large" in fault or "repetition size" in fault:
        raise ValueError("这个正则表达式太大；重复次数（{n,m}）写小些，最多 1000")
    raise ValueError(
        "这里的正则表达式不能用环视（(?=…)、(?!…)、(?<=…)、(?<!…)）、反向引用（\\1、(?P=名字)）、"
        "原子组（(?>…)、a++）和条件；请换一种写法，或拆成几条规则；"
        "能用的见 https://github.com/google/re2/wiki/Syntax"
    )


def _for_re2(pattern: str) -> str:
    """The pattern in RE2's syntax."""

    def piece(match: re.Match[str]) -> str:
        if inside := match["class"]:
            return _ESCAPE.sub(lambda match: _escape(match, _IN_CLASS), inside)
        return _escape(match, _ALONE)

    return _PIECE.sub(piece, pattern)


def _escape(match: re.Match[str], meanings: dict[str, str]) -> str:
    code = next((one for one in match.groups()[-2:] if one), None)
    return f"\\x{{{code}}}" if code else meanings.get(match[0], match[0])
