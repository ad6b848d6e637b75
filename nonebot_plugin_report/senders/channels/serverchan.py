"""ServerChan (Server酱), Turbo and 3.

Sources: sct.ftqq.com, "API 详细说明" (limits), and sc3.ft07.com, "发送消息".
"""

import re
import time
from typing import ClassVar, Final

from pydantic import SecretStr, field_validator

from ...model.delivery import Delivery, NotSent, Outcome
from ...settings import Secret, Url
from ..base import HttpChannel
from ..fit import fit_text, utf8_size
from ..http import Answer, Client, judge_code
from ..literal import literal
from ..outcomes import until_tomorrow

# "API 详细说明": a title of at most 32 characters, a text of at most 32 KB.
MAX_TITLE: Final = 32
MAX_TEXT: Final = 32 * 1000
_BAD_KEY: Final = 40001
_FIXES: Final = {_BAD_KEY: "SendKey 不对"}
_USED_UP: Final = ("当天", "次数")
"""What it says, under one code or another (40001, 471), when the day's messages are used up."""


class Channel(HttpChannel):
    """A SendKey of ServerChan."""

    label: ClassVar[str] = "Server酱"
    pictures: ClassVar[str] = "不能发，只发文字"
    limits: ClassVar[str] = "标题 32 字，正文 32 KB；每天的条数看会员"
    most_pictures: ClassVar[int] = 0

    key: Secret
    """SendKey；sctp 开头的是 Server酱³"""
    server: Url | None = None
    """服务的网址；不写则由 SendKey 决定"""

    @field_validator("key")
    @classmethod
    def _check_key(cls, key: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", key.get_secret_value()):
            raise ValueError("SendKey 只有字母和数字")
        return key

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send title and text."""
        message = delivery.message
        title, _ = fit_text(literal(message.title), MAX_TITLE)
        # The text is Markdown, where a line ends only at an empty one.
        text, cut = fit_text(literal(message.body).replace("\n", "\n\n"), MAX_TEXT, utf8_size)
        return await http.post(
            self._address(),
            data={"title": title, "desp": text},
            verdict=lambda answer: _verdict(answer, time.time()),
            notes=[cut],
        )

    def _address(self) -> str:
        key = self.key.get_secret_value()
        if self.server is not None:
            return f"{self.server.rstrip('/')}/{key}.send"
        if number := re.match(r"sctp(\d+)t", key):
            return f"https://{number[1]}.push.ft07.com/send/{key}.send"
        return f"https://sctapi.ftqq.com/{key}.send"


def _verdict(answer: Answer, now: float) -> Outcome:
    code = answer.fields.get("code", answer.fields.get("errno"))
    message = answer.fields.get("message", answer.fields.get("errmsg"))
    if all(one in str(message) for one in _USED_UP):
        return NotSent("今天的条数用完了，明天再发", until_tomorrow(now))
    return judge_code(answer, code, message, fixes=_FIXES, waits={})
