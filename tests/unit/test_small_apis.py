"""What is sent for Apprise-API, Gotify, Qmsg and Synology Chat, as reports."""

import pytest

from nonebot_plugin_report.errors import InvalidReport
from nonebot_plugin_report.sources.apprise_api import read_notify
from nonebot_plugin_report.sources.gotify import read_gotify
from nonebot_plugin_report.sources.qmsg import read_qmsg
from nonebot_plugin_report.sources.synology import read_synology


def test_a_message_of_nothing_is_refused_by_the_field_that_is_missing() -> None:
    with pytest.raises(InvalidReport, match="body：没有可以发送的内容"):
        read_notify({"type": "info"}, {})
    with pytest.raises(InvalidReport, match="message：没有可以发送的内容"):
        read_gotify({"title": "NAS"}, {})
    with pytest.raises(InvalidReport, match="msg：没有可以发送的内容"):
        read_qmsg("send", {"qq": "10001"}, {})
    with pytest.raises(InvalidReport, match='payload：.*payload={"text": "…"}'):
        read_synology({"user_ids": [1]}, {})


def test_an_action_that_qmsg_does_not_have_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidReport, match="没有这个接口；可用的有 group、jgroup"):
        read_qmsg("recall", {"msg": "x"}, {})


def test_a_number_is_a_message_for_gotify() -> None:
    assert read_gotify({"message": 42}, {}).content == "42"
