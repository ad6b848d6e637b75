"""What users read says what the code does."""

import io
import json
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from nonebot_plugin_report.config import Config
from nonebot_plugin_report.receiver import STATUS
from nonebot_plugin_report.report import EVENT_LABELS
from nonebot_plugin_report.rules import Rule
from nonebot_plugin_report.senders import names
from nonebot_plugin_report.senders.describe import describe, describe_settings
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
    shown = dict(re.findall(r"^#? ?(REPORT_\w+)=([^'\n]+)$", text, re.M))
    shown |= dict(re.findall(r"^\| `(REPORT_\w+)` \| `([^`]+)` \|", text, re.M))
    checked = {name: value for name, value in shown.items() if "DATABASE" not in name}
    assert len(checked) >= 7
    for name, value in checked.items():
        field, default = name.lower(), getattr(Config(), name.lower())
        unquoted = (
            json.loads(value)
            if value[0] in "[{" and "TEMPLATE" not in name
            else value.strip('"').replace("\\n", "\n")
        )
        assert getattr(Config.model_validate({field: unquoted}), field) == default, name


def read_env(text: str) -> Config:
    values = dotenv_values(stream=io.StringIO(text))
    settings = {
        name.lower(): json.loads(value) if value[0] in "[{" and "TEMPLATE" not in name else value
        for name, value in values.items()
        if name.startswith("REPORT_") and value
    }
    return Config.model_validate(settings)


def test_what_the_example_shows_commented_out_can_be_read() -> None:
    text = re.sub(r"^# ?(?=REPORT_|  \"|\})", "", ENV, flags=re.M)
    assert set(read_env(text).report_channels) == {"phone", "team"}


def test_every_setting_that_the_readme_shows_can_be_read() -> None:
    blocks = re.findall(r"```bash\n((?:REPORT_).*?)```", README, re.S)
    assert len(blocks) >= 6
    rules = [len(read_env(block).report_rules) for block in blocks]
    assert sum(rules) >= 5


def test_every_rule_that_the_readme_shows_in_passing_can_be_read() -> None:
    shown = re.findall(r'`(\{"(?:match|event)".*?\})`', README)
    assert len(shown) == 3
    for rule in shown:
        Rule.model_validate_json(rule)


def test_the_channels_table_is_made_from_the_code() -> None:
    table = README.partition("<!-- channels: ")[2].partition("-->\n")[2]
    assert table.partition("\n<!-- /channels -->")[0] == describe()


def test_the_channels_settings_are_made_from_the_code() -> None:
    shown = (ROOT / "docs" / "channels.md").read_text("utf-8").partition("\n\n##")
    assert "##" + shown[2] == "\n\n".join(describe_settings(name) for name in names()) + "\n"


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
