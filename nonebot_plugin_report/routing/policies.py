"""How much each target is to be spared, by the settings. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from ..model.recipient import EVERYBODY, Recipient
from ..model.scheduling import Policy
from ..model.target import Target
from ..model.timing import DailyWindow
from .rules import Directory


class Policies:
    """The policy of each target."""

    def __init__(
        self, common: Policy, quiet: Mapping[Recipient, DailyWindow], directory: Directory
    ) -> None:
        """`common` holds for all; `quiet` is REPORT_QUIET, whose names `directory` knows."""
        self._common = common
        self._quiet_by_default = quiet.get(EVERYBODY)
        self._quiet = {
            target: window
            for recipient, window in quiet.items()
            if recipient != EVERYBODY
            for target in directory.expand([recipient])
        }

    def of(self, target: Target, muted_until: float = 0.0) -> Policy:
        """The policy of a target that is muted until a moment (epoch seconds; 0: it is not)."""
        quiet = self._quiet.get(target, self._quiet_by_default)
        if quiet is None and not muted_until:
            return self._common
        return replace(self._common, quiet=quiet, muted_until=muted_until)
