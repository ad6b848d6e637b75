"""How much each target is to be spared, by the settings."""

from nonebot_plugin_report.config import Config
from nonebot_plugin_report.model.scheduling import Policy
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.model.timing import DailyWindow

ME, OTHER, GROUP = Target("private", "10001"), Target("private", "10002"), Target("group", "777")
NIGHT, NOON = "23:00-08:00 Asia/Shanghai", "12:00-14:00 Asia/Shanghai"


def policy(target: Target, muted_until: float = 0.0, **settings: object) -> Policy:
    """The policy of a target where QQ 10001 is the superuser."""
    config = Config.model_validate(settings)
    return config.policies(config.directory({"10001"})).of(target, muted_until)


def test_without_settings_nobody_is_spared() -> None:
    assert policy(ME).quiet is None
    assert policy(ME).muted_until == 0.0


def test_quiet_hours_of_a_target_go_before_those_of_all() -> None:
    quiet = {"*": NOON, "superusers": NIGHT, "group:777": NIGHT}
    for target, window in ((ME, NIGHT), (GROUP, NIGHT), (OTHER, NOON)):
        assert policy(target, report_quiet=quiet).quiet == DailyWindow.parse(window)


def test_where_all_have_none_only_those_named_are_quiet() -> None:
    assert policy(ME, report_quiet={"superusers": NIGHT}).quiet == DailyWindow.parse(NIGHT)
    assert policy(OTHER, report_quiet={"superusers": NIGHT}).quiet is None


def test_who_is_muted_is_until_then_besides() -> None:
    muted = policy(ME, 1000.0, report_quiet={"superusers": NIGHT}, report_merge="30s")
    assert (muted.muted_until, muted.merge) == (1000.0, 30.0)
    assert muted.quiet == DailyWindow.parse(NIGHT)
    assert policy(OTHER, 1000.0).muted_until == 1000.0
