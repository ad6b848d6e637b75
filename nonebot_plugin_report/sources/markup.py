"""Turns other tools' Markdown and HTML into plain words; links and line breaks stay. Pure.

Text without marks comes out as it was. What either costs grows with the text's length, up to a
bound; beyond it the text stays as it was written.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Final

from .html_text import MARKS, RULE, join_row, link, part_addresses, picture, read_html

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_HTML: Final = 65_536
"""Characters of HTML that are read: all that a report keeps of a text."""
MAX_MARKDOWN: Final = 8_192
"""Characters of Markdown that are read: more than a chat shows of a message."""
MAX_MARKS: Final = 400
"""Marks and lines of Markdown that are read: the parser takes long for each."""
_MARK: Final = re.compile(r"[\n\[\]!*_`<~|&\\]")
_TRACES: Final = (
    b"**", b"](", b"`", b"~~", b"# ", b"> ", b"|-", b"|:-", b"| -", b"| :-", b"arkdown", b"<",
    b"&lt;", b"\\u003c", b"\\u003C", b"%3C", b"%3c", b"%2A%2A", b"%5D%28", b"%60", b"%23", b"\0",
)  # fmt: skip
"""What stands in a body whose text has marks, as JSON and forms write them too."""
_AROUND: Final = 32_768
"""Bytes at either end of a body that are looked at: a screenshot stands between."""
_CODE: Final = re.compile(r"`[^`\n]{1,500}`")
_OPENED: Final = re.compile(r"<([a-z][a-z0-9]{0,9})(?:\s[^<>]{0,1000})?/?>", re.IGNORECASE)
_CLOSED: Final = re.compile(r"</([a-z][a-z0-9]{0,9})\s{0,9}>", re.IGNORECASE)
_ALONE: Final = frozenset({"br", "hr", "img", "html", "body"})
"""Elements that make a text HTML by their opening tag alone."""
_CLEAR: Final = re.compile(
    r"""!?\[[^\[\]\n]{1,500}\]\((?:https?://|mailto:)[^\s()]   # a link
    |(?<![*A-Za-z0-9])\*\*[^\s*](?:[^*\n]{0,500}[^\s*])?\*\*(?!\*)    # bold
    |^\#{2,6}[ ]\S                                             # a heading
    |^\ {0,3}```[^`\n]*\n(?:.*\n){1,500}?\ {0,3}```                # code
    """,
    re.VERBOSE | re.MULTILINE,
)
"""Marks of Markdown that nobody writes for another purpose."""
_BELOW_HEADS: Final = re.compile(r"^ {0,3}\|? ?:?-{2,}:? ?\|[-:| ]{0,2000}$", re.MULTILINE)
"""The line below the heads of a table."""
_HINTS: Final = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (r"^# \S", r"^> ?\S", r"`[^`\s][^`\n]{0,500}`", r"~~[^~\s][^~\n]{0,500}~~",
                    r"^ {0,3}(?:[-*+]|\d{1,3}[.)]) \S")
)  # fmt: skip
"""Marks that are Markdown where two kinds of them meet."""
_PATH: Final = re.compile(r"\b[A-Za-z]:\\[^\s`<>|\"]{1,300}")
_STARS: Final = re.compile(r"(?<=[0-9A-Za-z])\*+(?=[0-9A-Za-z])")
"""A product or a masked number: 3*4, 138****1234."""
_BOLD: Final = re.compile(r"\*\*([^\s*](?:[^*\n]{0,500}[^\s*])?)\*\*")
"""Bold that CommonMark leaves as it is, since a Chinese colon stands before its end."""
# Noncharacters, for a program's own use: https://www.unicode.org/faq/private_use.html.
_STAR, _BACKSLASH = "\ufdd0", "\ufdd1"


def plain(text: str) -> str:
    """Remove the marks of a text that clearly is HTML or Markdown; another stays as it is.

    >>> plain("**完成** [详情](https://a.example/1)")
    '完成 详情：https://a.example/1'
    >>> plain("a * b, #1, <未知>")
    'a * b, #1, <未知>'
    """
    start = text[:MAX_HTML]
    is_html = "<" in start and _is_html(start)
    if is_html and start.lstrip().startswith("<"):
        return from_html(text)
    if _is_markdown(text[:MAX_MARKDOWN]):
        return from_markdown(text)
    return from_html(text) if is_html else text


def from_html(text: str) -> str:
    """Write the words of a text that is said to be HTML."""
    return _read(text, MAX_HTML, read_html)


def from_markdown(text: str) -> str:
    """Write the words of a text that is said to be Markdown (CommonMark, with tables)."""
    end = min(len(text), MAX_MARKDOWN)
    marks = islice(_MARK.finditer(text, 0, end), MAX_MARKS, None)
    if (mark := next(marks, None)) is not None:
        end = mark.start()
    if end < len(text):
        end = text.rfind("\n", 0, end) + 1 or end
    return _read(text, end, _read_markdown)


def read_marked(text: str, kind: str) -> str:
    """Write the words of a text that is said to be of a kind, such as `HTML` or `MarkdownV2`; of
    any other kind, as `plain`."""
    kind = kind.lower()
    if "html" in kind:
        return from_html(text)
    return from_markdown(text) if kind.startswith(("markdown", "text/markdown")) else plain(text)


def may_be_marked(body: bytes | bytearray) -> bool:
    """Whether a body may have a text with marks, which takes longer to read than words."""
    words = body if len(body) <= 2 * _AROUND else body[:_AROUND] + body[-_AROUND:]
    return any(trace in words for trace in _TRACES)


def _read(text: str, end: int, read: Callable[[str], str]) -> str:
    """Read the marks up to an end, and keep the rest as it is; all, where nothing would stay."""
    written = read(text[:end])
    if not written.strip():
        return text
    return written + (f"\n{text[end:]}" if end < len(text) else "")


def _is_html(text: str) -> bool:
    words = _CODE.sub("", text) if "`" in text else text
    opened = {name.lower() for name in _OPENED.findall(words)} & MARKS
    return not opened.isdisjoint(_ALONE) or not opened.isdisjoint(
        name.lower() for name in _CLOSED.findall(words)
    )


def _is_markdown(text: str) -> bool:
    if _CLEAR.search(text) or _has_table(text):
        return True
    # Lists alone are as plain as they get.
    hints = [pattern.search(text) is not None for pattern in _HINTS]
    return sum(hints) >= 2


def _has_table(text: str) -> bool:
    below = _BELOW_HEADS.search(text)
    return below is not None and "|" in text[: below.start()].rstrip("\n").rpartition("\n")[2]


@cache
def _parser() -> "MarkdownIt":
    """Load the parser: only where there is something for it to read."""
    from markdown_it import MarkdownIt

    class Parser(MarkdownIt):
        """Leaves addresses as they are written: they are read by people."""

        def normalizeLink(self, url: str) -> str:  # noqa: N802 - the parser's own name
            return url

        def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - the parser's own name
            return link

        def validateLink(self, url: str) -> bool:  # noqa: N802 - the parser's own name
            return True

    parser = Parser("commonmark").enable(["table", "strikethrough"])
    # Indented words are no code in a message, and `[BetterGI]: 完成` is no definition of a link.
    return parser.disable(["code", "reference"])


def _read_markdown(text: str) -> str:
    guarded = _PATH.sub(lambda path: path[0].replace("\\", _BACKSLASH), text)
    guarded = _STARS.sub(lambda stars: _STAR * len(stars[0]), guarded)
    written = "\n".join(_lines(_parser().parse(guarded)))
    return written.replace(_STAR, "*").replace(_BACKSLASH, "\\").replace("\xa0", " ")


def _lines(tokens: "Sequence[Token]") -> Iterator[str]:
    """Give each block, a row of a table and an entry of a list as a line."""
    depth, mark = 0, ""
    cells: list[str] | None = None
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                depth += 1
            case "bullet_list_close" | "ordered_list_close":
                depth -= 1
            case "list_item_open":
                number = f"{token.info}{token.markup}" if token.info else "-"
                mark = f"{'  ' * (depth - 1)}{number} "
            case "tr_open":
                cells = []
            case "tr_close":
                yield join_row(cells or [])
                cells = None
            case "inline" if cells is not None:
                cells.append(_inline(token.children or ()))
            case _ if (words := _block(token)) is not None:
                yield mark + words
                mark = ""
            case _:
                pass


def _block(token: "Token") -> str | None:
    match token.type:
        case "inline":
            return _inline(token.children or ())
        case "fence":
            # Behind the marks stands the language; behind a blank, what somebody wrote.
            info = token.info.strip() if token.info[:1].isspace() else ""
            return "\n".join(filter(None, (info, token.content.rstrip("\n"))))
        case "html_block":
            return read_html(token.content)
        case "hr":
            return RULE
        case _:
            return None


def _inline(tokens: "Sequence[Token]") -> str:
    """Write what stands in a block; HTML within it is read as HTML."""
    is_html = any(token.type == "html_inline" for token in tokens)
    show = escape if is_html else str
    pieces: list[str] = []
    links: list[tuple[int, str]] = []
    for token in tokens:
        match token.type:
            case "softbreak" | "hardbreak":
                pieces.append("\n")
            case "html_inline":
                pieces.append(token.content)
            case "image":
                address = str(token.attrs.get("src", ""))
                pieces.append(show(picture(token.content, address)))
            case "link_open":
                links.append((len(pieces), show(str(token.attrs.get("href", "")))))
            case "link_close":
                start, address = links.pop()
                pieces[start:] = [link("".join(pieces[start:]), address)]
            case "text":
                pieces.append(show(_BOLD.sub(r"\1", token.content)))
            case _:
                pieces.append(show(token.content))
    words = "".join(pieces)
    return read_html(words) if is_html else part_addresses(words)
