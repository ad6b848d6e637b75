"""What the doctor says of installed libraries."""

from importlib.metadata import requires

from nonebot_plugin_report.cli.checks import DISTRIBUTION, unmet
from nonebot_plugin_report.doctor.findings import Finding

REQUIREMENTS = ["orjson>=3.11.6", "nonebot2<2.6,>=2.4.3", 'apprise>=1.9; extra == "apprise"']


def findings(**installed: str) -> list[Finding]:
    return list(unmet(REQUIREMENTS, installed.get))


def test_a_version_with_a_known_fault_is_told_with_what_mends_it() -> None:
    (finding,) = findings(orjson="3.10.0", nonebot2="2.5.0")
    assert (finding.level, "orjson 是 3.10.0，要 >=3.11.6" in finding.text) == ("错误", True)
    assert finding.advice.endswith('-m pip install "orjson>=3.11.6"')


def test_a_version_that_nobody_tried_is_told() -> None:
    (finding,) = findings(orjson="3.13.0", nonebot2="2.6.0")
    assert "nonebot2 是 2.6.0" in finding.text


def test_what_fits_or_is_not_there_is_no_finding() -> None:
    assert findings(orjson="3.11.6", nonebot2="2.4.3") == []
    assert len(findings(orjson="3.11.6", nonebot2="2.4.3", apprise="1.8")) == 1


def test_the_metadata_has_bounds() -> None:
    assert any(one.startswith("pillow>=") for one in requires(DISTRIBUTION) or ())
