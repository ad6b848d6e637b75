"""How much each target is to be spared: quiet hours, mutes, merging and rates of the settings."""

from .config import Config
from .delivery import Target
from .hold import Policy
from .rules import Directory
from .settings import EVERYBODY


class Spare:
    """Gives each target's policy."""

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
        self.mutes: dict[Target, float] = {}
        """Until when (epoch seconds) a target is muted."""

    def policy(self, target: Target) -> Policy:
        """The policy of a target at present."""
        quiet = self._quiet.get(target, self._quiet_by_default)
        muted_until = self.mutes.get(target, 0.0)
        if quiet is None and not muted_until:
            return self._common
        common = self._common
        return Policy(quiet, muted_until, common.merge, common.rate, common.absence)
