"""A message for a target."""

from dataclasses import field
from typing import Final, Self

from .image import Image
from .report import Report
from .text import begins_with, one_line
from .value import value_type

MAX_TITLE: Final = 80
"""Most characters of a first line that becomes the title."""


@value_type
class Message:
    """A message for a target."""

    text: str
    """The text, from the template."""
    images: tuple[Image, ...] = ()
    """The pictures, in their order; channels with room for one show the first."""
    report: Report = field(default_factory=Report)
    """The report itself, without pictures, for channels that pass it on."""
    parts: tuple[Self, ...] = ()
    """The messages merged into this one, for channels that can show them separately."""

    @property
    def image(self) -> Image | None:
        """The first picture, or None."""
        return self.images[0] if self.images else None

    @property
    def title(self) -> str:
        """One line, never empty: the icon and the heading, or how the text begins where that says
        the heading too, or where there is none."""
        first, _ = self._apart()
        heading = " ".join(self.report.heading.split())
        title = first or heading or one_line(self._plain_text, MAX_TITLE)
        return f"{self.report.icon} {title}".strip() or "[截图]"

    @property
    def body(self) -> str:
        """The text beyond the title; may be empty."""
        return self._apart()[1]

    @property
    def _plain_text(self) -> str:
        return self.text.removeprefix(self.report.icon).strip()

    def _apart(self) -> tuple[str, str]:
        """The text's first line where it is the title, and the rest."""
        first, _, following = self._plain_text.partition("\n")
        heading = self.report.heading
        if len(first) <= max(MAX_TITLE, len(heading)) and begins_with(first, heading):
            return first, following.strip()
        return "", self._plain_text
