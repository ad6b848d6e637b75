"""Gotify: a notification server of one's own.

Source: gotify.net, "API documentation", message/createMessage.
"""

from typing import Annotated, ClassVar, Final

from pydantic import Field

from ...model.delivery import Delivered, Delivery, NotSent, Outcome
from ...settings import Secret, Url
from ..base import HttpChannel
from ..fit import fit_text
from ..http import Answer, Client, judge_status

# Gotify names no limit; it hands the whole message to the phone, so there is a sensible one.
MAX_TITLE: Final = 200
MAX_TEXT: Final = 10_000


class Channel(HttpChannel):
    """An application of a Gotify server."""

    label: ClassVar[str] = "Gotify"
    pictures: ClassVar[str] = "不能发，只发文字"
    limits: ClassVar[str] = "10000 字"
    most_pictures: ClassVar[int] = 0

    server: Url
    """服务器的网址"""
    token: Secret
    """应用的 token"""
    priority: Annotated[int, Field(ge=0, le=10)] = 3
    """优先级，0 到 10"""

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send title and text."""
        message = delivery.message
        title, _ = fit_text(message.title, MAX_TITLE)
        text, cut = fit_text(message.body or message.title, MAX_TEXT)
        return await http.post(
            f"{self.server.rstrip('/')}/message",
            headers={"X-Gotify-Key": self.token.get_secret_value()},
            json={
                "title": title,
                "message": text,
                "priority": self.priority,
            },
            verdict=_verdict,
            notes=[cut],
        )


def _verdict(answer: Answer) -> Outcome | None:
    """The stored message comes back with its id."""
    if not answer.succeeded:
        return judge_status(answer)
    if isinstance(answer.fields.get("id"), int):
        return Delivered()
    return NotSent("回答不是 Gotify 的格式，检查 server", answered=True)
