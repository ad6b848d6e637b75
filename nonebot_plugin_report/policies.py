"""When each target wants to be left in peace, by the settings. Pure."""

from dataclasses import replace

from .config import Config
from .delivery import Target
from .hold import Policy
from .rules import Directory
from .settings import EVERYBODY


class Policies:
    """Quiet hours, merging and rates of REPORT_QUIET, REPORT_MERGE, REPORT_RATE and others."""

    def __init__(self, config: Config, directory: Directory) -> None:
        self._common = Policy(
            merge=config.report_merge,
            rate=config.report_rate,
            absence=config.report_digest_after,
        )
        self._quiet_by_default = config.report_quiet.get(EVERYBODY)
        self._quiet = {
            target: window
            for recipient, window in config.report_quiet.items()
            if recipient != EVERYBODY
            for target in directory.expand([recipient])
        }

    def of(self, target: Target, muted_until: float = 0.0) -> Policy:
        """The policy of a target that is muted until a moment (epoch seconds; 0: it is not)."""
        quiet = self._quiet.get(target, self._quiet_by_default)
        if quiet is None and not muted_until:
            return self._common
        return replace(self._common, quiet=quiet, muted_until=muted_until)
