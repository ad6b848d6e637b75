"""What a target is to see."""

from dataclasses import dataclass, field
from typing import Final, Self

from .image import Image
from .report import Report
from .text import begins_with, one_line

MAX_TITLE: Final = 80
"""Characters of a text's first line that stand as its title."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a target is to see."""

    text: str
    """The report in its template's words."""
    image: Image | None = None
    report: Report = field(default_factory=Report)
    """What the message tells of, for what hands it on as it is. Without the picture."""
    more_images: tuple[Image, ...] = ()
    """Further pictures of a digest; who has room for one leaves them out."""
    parts: tuple[Self, ...] = ()
    """The messages that were merged into this one, for what can show them apart."""

    @property
    def title(self) -> str:
        """One line, never empty: the icon and the heading, or how the text begins where that says
        the heading too, or where there is none."""
        first, _ = self._apart()
        heading = " ".join(self.report.heading.split())
        shown = first or heading or one_line(self._words, MAX_TITLE)
        return f"{self.report.icon} {shown}".strip() or "[截图]"

    @property
    def body(self) -> str:
        """What the text says beyond the title; may be empty."""
        return self._apart()[1]

    @property
    def _words(self) -> str:
        return self.text.removeprefix(self.report.icon).strip()

    def _apart(self) -> tuple[str, str]:
        """The text's first line where it is the title, and the rest."""
        first, _, rest = self._words.partition("\n")
        heading = self.report.heading
        if len(first) <= max(MAX_TITLE, len(heading)) and begins_with(first, heading):
            return first, rest.strip()
        return "", self._words
