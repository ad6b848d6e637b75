"""Writes the words of HTML as lines: links, lists, tables and line breaks stay readable. Pure.

Only names of HTML's own are tags; `<未知>` or `<unknown>` are words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

BLOCKS: Final = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "head", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section", "summary",
    "table", "tbody", "tfoot", "thead", "title", "tr", "ul",
})  # fmt: skip
"""Elements that stand in lines of their own."""
MARKS: Final = BLOCKS | {
    "a", "abbr", "b", "big", "br", "caption", "cite", "code", "col", "colgroup", "del", "em",
    "font", "i", "img", "ins", "kbd", "label", "link", "mark", "meta", "q", "s", "samp", "script",
    "small", "span", "strike", "strong", "style", "sub", "sup", "td", "th", "tt", "u", "var",
    "tg-emoji", "tg-spoiler",  # Telegram's own: https://core.telegram.org/bots/api#html-style
}  # fmt: skip
"""Elements whose tags are removed: https://html.spec.whatwg.org/multipage/indices.html."""
_CELL: Final = frozenset({"td", "th", "a"})
_ROW: Final = _CELL | {"tr"}
RULE: Final = "———"
"""A line across."""
_DOCUMENT: Final = re.compile(r"<(?:!doctype|html|body)\b", re.IGNORECASE)
_BLANKS: Final = re.compile(r"[ \t\r\f\v\xa0]+")
_STRAY: Final = re.compile(
    r"""<(?!/?[a-z][a-z0-9-]{0,12}(?:\s(?:[^<>"']|"[^"<]{0,2000}"|'[^'<]{0,2000}'){0,500})?/?>
        |!doctype\b[^<>]{0,300}>)""",
    re.IGNORECASE | re.VERBOSE,
)
"""A `<` that begins no tag. Python's parser looks for the end of each again and again."""
MAX_DEPTH: Final = 20
"""Lists, tables and links within each other that are told apart."""
# A noncharacter, for a program's own use: https://www.unicode.org/faq/private_use.html.
ADDRESS_END: Final = "\ufdd2"
"""Stands behind an address until `part_addresses`: what follows must not become a part of it."""
_ENDED: Final = re.compile(f"{ADDRESS_END}(?=[\\s{ADDRESS_END}]|$)")
MAX_ADDRESS: Final = 2000
"""Characters of an address that is shown."""


def read_html(text: str) -> str:
    """Write the words of HTML as lines.

    In a whole document a line end is a blank; in a piece of HTML it is a line end, as whoever
    wrote it for a chat meant it.
    """
    reader = _Reader(folds=_DOCUMENT.search(text) is not None)
    words = _without_comments(text.replace("<![CDATA[", "").replace("]]>", ""))
    reader.feed(_STRAY.sub("&lt;", words))
    reader.close()
    return reader.written()


def _without_comments(text: str) -> str:
    first, *parts = text.split("<!--")
    kept = [part.partition("-->")[2] if "-->" in part else f"<!--{part}" for part in parts]
    return "".join((first, *kept))


def link(label: str, address: str) -> str:
    """Write a link: its words and its address, each once; an address within a page is left out."""
    label, address = label.strip(), address.strip()[:MAX_ADDRESS]
    scheme = address.partition(":")[0].lower()
    if scheme in ("mailto", "tel"):
        address = address.partition(":")[2]
    elif scheme not in ("http", "https", "ftp"):
        return label
    if not label or label in (address, address.partition("://")[2]):
        return address + ADDRESS_END
    return label if address in label else f"{label}：{address}{ADDRESS_END}"


def part_addresses(text: str) -> str:
    """Part each address from the words that follow it, by a blank."""
    return _ENDED.sub("", text).replace(ADDRESS_END, " ")


def picture(label: str, address: str) -> str:
    """Write a picture: what it shows, and its address."""
    label = label.strip()
    shown = link(label or "图片", address)
    if not shown.endswith(ADDRESS_END):  # a file within a mail, or data
        return f"[图片 {label}]" if label else "[图片]"
    return shown


def join_row(cells: list[str]) -> str:
    """Write a row of a table as a line."""
    words = [" ".join(part_addresses(cell).split()) for cell in cells]
    return "：".join(words) if len(words) == 2 and all(words) else " | ".join(words).strip(" |")


@dataclass(slots=True)
class _Part:
    """A link, a row or a cell that is open: its words are written where it ends."""

    tag: str
    pieces: list[str] = field(default_factory=list[str])
    address: str = ""
    cells: list[str] = field(default_factory=list[str])


class _Reader(HTMLParser):
    """Collects words; a line end stands before and after each block."""

    def __init__(self, *, folds: bool) -> None:
        super().__init__()
        self._folds = folds
        self._open = [_Part("")]
        self._lists: list[int | None] = []
        """The next number of each open list; None: it has no numbers."""
        self._silent = self._preformatted = 0
        self._has_blocks = False

    def written(self) -> str:
        """Give all that was read."""
        while len(self._open) > 1:
            self._end_part()
        text = part_addresses("".join(self._open[0].pieces).replace("\xa0", " "))
        if not self._has_blocks:
            return text.strip("\n")
        lines = (line.rstrip() for line in text.split("\n"))
        return "\n".join(line for line in lines if line)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in MARKS:
            self.handle_data(self.get_starttag_text() or "")
            return
        if tag in BLOCKS:
            self._break()
        self._write_mark(tag, values)
        self._enter(tag, values)

    def _write_mark(self, tag: str, values: Mapping[str, str]) -> None:
        match tag:
            case "br":
                self._write("\n")
                self._has_blocks = True
            case "hr":
                self._write(f"{RULE}\n")
            case "img" if values.get("width") != "1":  # a pixel only counts readers
                self._write(picture(values.get("alt", ""), values.get("src", "")))
            case "li":
                self._start_entry()
            case _:
                pass

    def _enter(self, tag: str, values: Mapping[str, str]) -> None:
        match tag:
            case "script" | "style":
                self._silent += 1
            case "pre":
                self._preformatted += 1
            case "ul" | "ol":
                self._start_list(tag, values.get("start", ""))
            case "table" | "a":
                self._start_part(tag, values.get("href", ""))
            case "tr":
                self._end_open(_ROW)
                self._start_part(tag)
            case "td" | "th":
                self._end_open(_CELL)
                self._start_part(tag)
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "script" | "style":
                self._silent = max(0, self._silent - 1)
            case "pre":
                self._preformatted = max(0, self._preformatted - 1)
            case "ul" | "ol" if self._lists:
                self._lists.pop()
            case "table" | "tr" | "td" | "th" | "a":
                self._end_until(tag)
            case _ if tag not in MARKS:
                self.handle_data(f"</{tag}>")
            case _:
                pass
        if tag in BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if not self._preformatted:
            words = data.replace("\n", " ") if self._folds else data
            data = _BLANKS.sub(" ", words) if self._folds or self._has_blocks else words
        self._write(data)

    def handle_decl(self, decl: str) -> None:
        """Leave `<!doctype html>` out."""

    def _write(self, words: str) -> None:
        pieces = self._open[-1].pieces
        if self._folds and words.startswith(" ") and (not pieces or pieces[-1].endswith("\n")):
            words = words.lstrip(" ")
        if words:
            pieces.append(words)

    def _break(self) -> None:
        self._has_blocks = True
        pieces = self._open[-1].pieces
        if pieces and not pieces[-1].endswith("\n"):
            pieces.append("\n")

    def _start_list(self, tag: str, start: str) -> None:
        if len(self._lists) < MAX_DEPTH:
            first = int(start) if start.isdecimal() and len(start) < 7 else 1
            self._lists.append(first if tag == "ol" else None)

    def _start_entry(self) -> None:
        indent = "  " * (len(self._lists) - 1)
        number = self._lists[-1] if self._lists else None
        if number is None:
            self._write(f"{indent}- ")
            return
        self._lists[-1] = number + 1
        self._write(f"{indent}{number}. ")

    def _start_part(self, tag: str, address: str = "") -> None:
        if len(self._open) <= MAX_DEPTH:
            self._open.append(_Part(tag, address=address))

    def _end_open(self, tags: frozenset[str]) -> None:
        """End what has no end tag, as HTML allows of rows and cells."""
        while self._open[-1].tag in tags:
            self._end_part()

    def _end_until(self, tag: str) -> None:
        if any(part.tag == tag for part in self._open):
            while self._open[-1].tag != tag:
                self._end_part()
            self._end_part()

    def _end_part(self) -> None:
        part = self._open.pop()
        words, outer = "".join(part.pieces), self._open[-1]
        match part.tag:
            case "td" | "th" if outer.tag == "tr":
                outer.cells.append(words)
            case "tr":
                self._write(join_row([*part.cells, *filter(str.strip, [words])]))
                self._break()
            case "a":
                self._write(link(words, part.address))
            case _:
                self._write(words)
