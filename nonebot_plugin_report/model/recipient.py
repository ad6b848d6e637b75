"""Recipients, as settings name them: targets and aliases."""

from dataclasses import dataclass
from typing import Final

from .target import NAME, Target


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for targets: one of REPORT_ALIASES, or one of those below."""

    name: str

    def __str__(self) -> str:
        return self.name


SUPERUSERS: Final = Alias("superusers")
"""Every superuser, in private."""
EVERYBODY: Final = Alias("*")
"""In REPORT_QUIET: every target without quiet hours of its own."""
Recipient = Target | Alias
"""What settings name. Aliases are resolved once, when the superusers are known."""


def read_recipient(text: str) -> Recipient:
    """Read a target or an alias.

    Raises:
        ValueError: it is neither; the text is Chinese.
    """
    text = text.strip()
    if NAME.fullmatch(text):
        return Alias(text)
    try:
        return Target.read(text)
    except ValueError:
        raise unknown_recipient(text) from None


def unknown_recipient(text: str) -> ValueError:
    """The error for a text that names nobody."""
    return ValueError(
        f"{text[:40]!r} 应为 superusers、private:QQ号、group:群号、channel:渠道名或别名"
    )
