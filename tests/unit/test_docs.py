"""What users read says what the code does."""

import re
from pathlib import Path

import pytest

from nonebot_plugin_report.config import Config
from nonebot_plugin_report.receiver import STATUS
from nonebot_plugin_report.report import EVENT_LABELS
from nonebot_plugin_report.template import PLACEHOLDERS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
ENV = (ROOT / ".env.example").read_text("utf-8")
SETTINGS = {name.upper() for name in Config.model_fields}


def section(title: str) -> str:
    return README.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_settings_table_names_every_setting_and_no_other() -> None:
    assert set(re.findall(r"^\| `(REPORT_\w+)`", section("设置"), re.M)) == SETTINGS


def test_the_example_names_every_setting_and_no_other() -> None:
    assert set(re.findall(r"^#? ?(REPORT_\w+)=", ENV, re.M)) == SETTINGS


@pytest.mark.parametrize("text", [ENV, section("设置")], ids=["example", "readme"])
def test_the_defaults_shown_are_the_defaults(text: str) -> None:
    shown = dict(re.findall(r"^#? ?(REPORT_\w+)=(.+)$", text, re.M))
    shown |= dict(re.findall(r"^\| `(REPORT_\w+)` \| `([^`]+)` \|", text, re.M))
    checked = {name: value for name, value in shown.items() if "DATABASE" not in name}
    assert len(checked) >= 7
    for name, value in checked.items():
        field, default = name.lower(), getattr(Config(), name.lower())
        unquoted = value.strip('"').replace("\\n", "\n")
        assert getattr(Config.model_validate({field: unquoted}), field) == default, name


def test_the_readme_names_every_placeholder() -> None:
    table = section("设置").partition("| 占位符 |")[2]
    assert set(re.findall(r"`\{(\w+)\}`", table)) == set(PLACEHOLDERS)


def test_the_readme_names_every_answer() -> None:
    answers = set(re.findall(r"^\| (\d{3}) \|", section("推送"), re.M))
    assert answers == {str(status) for status in STATUS.values()} | {"200", "404"}


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_every_event_of_bettergis_list_has_a_chinese_name() -> None:
    assert len(EVENT_LABELS) == 22
    assert EVENT_LABELS["task.cancel"] == "任务取消", "BetterGI's own label is wrong"
