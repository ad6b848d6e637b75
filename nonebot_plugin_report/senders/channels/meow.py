"""MeoW: notifications on HarmonyOS.

Source: the author's description, www.chuckfang.com, "MeoW API".
"""

from dataclasses import replace
from typing import ClassVar, Final
from urllib.parse import quote

from ...model.delivery import Delivered, Delivery, NotSent, Outcome
from ...settings import Secret, Url
from ..base import HttpChannel
from ..fit import fit_text
from ..http import Answer, Client, judge_status

# MeoW names no limits.
MAX_TITLE: Final = 100
MAX_TEXT: Final = 4000


class Channel(HttpChannel):
    """A nickname of a MeoW app."""

    label: ClassVar[str] = "MeoW"
    pictures: ClassVar[str] = "不能发，只发文字"
    limits: ClassVar[str] = "4000 字"
    most_pictures: ClassVar[int] = 0

    nickname: Secret
    """在 MeoW 里设的昵称；知道它的人都能给你推送"""
    server: Url = "https://api.chuckfang.com"
    """服务的网址"""

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send title and text."""
        message = delivery.message
        title, _ = fit_text(message.title, MAX_TITLE)
        text, cut = fit_text(message.body or message.title, MAX_TEXT)
        nickname = quote(self.nickname.get_secret_value(), safe="")
        return await http.post(
            f"{self.server.rstrip('/')}/{nickname}",
            json={"title": title, "msg": text},
            verdict=_verdict,
            notes=[cut],
        )


def _verdict(answer: Answer) -> Outcome:
    """The status stands in the body too, and there only where it is a failure."""
    status = answer.fields.get("status")
    outcome = judge_status(answer)
    if not isinstance(outcome, Delivered):
        return outcome
    if isinstance(status, bool) or not isinstance(status, int):
        return NotSent("回答不是 MeoW 的格式，检查 server", answered=True)
    inner = judge_status(replace(answer, status=status))
    return inner if 200 <= status < 600 else NotSent(f"没有成功（{status}）", answered=True)
