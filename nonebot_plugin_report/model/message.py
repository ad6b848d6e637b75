"""What a target is to see."""

from dataclasses import dataclass, field
from typing import Self

from .image import Image
from .report import Report, Result


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
        """One line, never empty: the icon and the heading, else how the text begins."""
        icon = self.report.result.icon if isinstance(self.report.result, Result) else ""
        if self.report.heading:
            return f"{icon} {self.report.heading}".strip().replace("\n", " ")
        return self.text.partition("\n")[0] or "[截图]"

    @property
    def body(self) -> str:
        """What the text says beyond the title; may be empty."""
        return self.text.removeprefix(self.title).strip()
