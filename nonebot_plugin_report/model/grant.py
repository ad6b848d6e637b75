"""What the holder of a token may do."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from .target import Kind, Target

OWN: Final = "self"
"""The source of reports that the plugin makes itself, in place of a token's name."""
RESERVED: Final = frozenset({"master", OWN})
"""Names that no token of the settings may have."""
BOUND: Final = "bind:"
"""The prefix of the names of bound users' tokens; their number follows."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the holder of a token may do."""

    name: str
    """The token's name, used by rules and in the store."""
    scope: frozenset[Target | Kind] | None = None
    """Targets that it may reach, or kinds of which it may reach all; None: everybody."""
    defaults: tuple[Target, ...] = ()
    """Targets of reports that name none; empty: REPORT_DEFAULT_TARGETS."""
    rate: tuple[int, float] | None = None
    """A rate: reports, and the seconds in which no more may come."""

    def reaches(self, target: Target) -> bool:
        """Whether its reports may go to a target."""
        if self.scope is None:
            return True
        return target in self.scope or target.kind in self.scope

    def covers(self, targets: Collection[Target]) -> bool:
        """Whether its reports may go to all of some targets; of none, only the owner's may."""
        return self.is_master or (bool(targets) and all(map(self.reaches, targets)))

    @property
    def is_master(self) -> bool:
        """It may see and reach everything."""
        return self.scope is None


MASTER: Final = Grant("master")
"""REPORT_TOKEN's grant, and everybody's if no token is set."""
