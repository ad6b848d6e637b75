"""What the webhooks of other tools write, as the report that it becomes."""

import pytest

from nonebot_plugin_report.sources.catalogue import SOURCES, recognise
from nonebot_plugin_report.sources.reader import Context, read
from tests.hooks import HOOKS, Hook

EACH = [
    pytest.param(name, hook, id=f"{name} {number}")
    for name, hooks in HOOKS.items()
    for number, hook in enumerate(hooks)
]


@pytest.mark.parametrize(("name", "hook"), EACH)
def test_a_webhook_says_who_did_what_where_and_how_it_ended(name: str, hook: Hook) -> None:
    assert recognise(hook.body, hook.headers) is SOURCES[name]
    report = read(hook.body, Context({}, {}, hook.headers), {}).report
    assert (report.title, report.body) == (hook.title, hook.content)
    assert report.result == hook.result
    assert not hook.event or report.event == hook.event
    assert report.image_fault == ""


@pytest.mark.parametrize(("name", "hook"), EACH)
def test_a_webhook_fits_a_screen_and_has_no_marks_of_code(name: str, hook: Hook) -> None:
    report = read(hook.body, Context({}, {}, hook.headers), {}).report
    text = f"{report.title}\n{report.body}"
    assert len(text.splitlines()) <= 16
    assert not any(mark in text for mark in ("{", "}", "\\n", "None", "%E4", "s3cret"))


def test_what_goes_wrong_and_is_well_again_is_one_story() -> None:
    def story(hook: Hook) -> str:
        return read(hook.body, Context({}, {}, hook.headers), {}).report.story

    health = [hook for hook in HOOKS["sonarr"] if "Health" in hook.body["eventType"]]
    assert {story(hook) for hook in health} == {"Prowlarr IndexerStatusCheck"}
    for name in ("uptimerobot", "zabbix", "sentry", "aliyun", "statuspage"):
        first, second = HOOKS[name][:2]
        assert story(first) == story(second) != "", name


def test_an_emby_form_without_its_json_is_read_as_it_is() -> None:
    form = {"data": '{"Event": ', "content": "x"}
    assert read(form, Context({}, {}, {}), {}).report.content == "x"


@pytest.mark.parametrize(
    ("name", "seconds"), [("drone", 56), ("jenkins", 90), ("azuredevops", 120), ("gitlab", None)]
)
def test_how_long_a_build_took(name: str, seconds: float | None) -> None:
    hook = HOOKS[name][0]
    assert read(hook.body, Context({}, {}, hook.headers), {}).report.elapsed == seconds


def test_what_drone_says_of_a_repository_took_no_time() -> None:
    body = {"event": "repo", "action": "enabled", "repo": {"slug": "octo/hello"}}
    report = read(body, Context({"source": "drone"}, {}, {}), {}).report
    assert (report.title, report.elapsed) == ("octo/hello：仓库 enabled", None)
