"""What the holder of a token may do."""

from dataclasses import dataclass
from typing import Final

from .target import Kind, Target

OWN: Final = "self"
"""Where the name of a token would stand: of reports that the plugin makes itself."""
BOUND: Final = "bind:"
"""Before a user's number: the name of their own token."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the holder of a token may do."""

    name: str
    """The token's, which rules and the store know it by."""
    scope: frozenset[Target | Kind] | None = None
    """Whom it may reach, one by one or all of a kind; None: everybody."""
    defaults: tuple[Target, ...] = ()
    """Who gets what names nobody; empty: REPORT_DEFAULT_TARGETS."""
    rate: tuple[int, float] | None = None
    """So many reports in so many seconds."""

    def reaches(self, target: Target) -> bool:
        """Whether its reports may go there."""
        if self.scope is None:
            return True
        return target in self.scope or target.kind in self.scope

    @property
    def is_master(self) -> bool:
        """It may see and reach everything."""
        return self.scope is None


MASTER: Final = Grant("master")
"""REPORT_TOKEN's, and everybody's where no token is set at all."""
