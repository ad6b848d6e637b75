"""How much each target is to be spared: quiet hours, mutes, merging and rates of the settings."""

from .config import Config
from .delivery import Target
from .hold import Policy
from .rules import Directory
from .timing import DailyWindow


class Spare:
    """Gives each target's policy."""

    def __init__(self, config: Config, directory: Directory) -> None:
        self._common = Policy(
            merge=config.report_merge,
            rate=config.report_rate,
            absence=config.report_digest_after,
        )
        windows = {spec: DailyWindow.parse(text) for spec, text in config.report_quiet.items()}
        self._quiet_by_default = windows.pop("*", None)
        self._quiet = {
            target: window
            for spec, window in windows.items()
            for target in directory.expand([spec])
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
