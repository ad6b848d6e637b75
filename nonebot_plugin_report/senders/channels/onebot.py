"""QQ by a OneBot v11 implementation's HTTP server, without NoneBot's adapter.

Source: OneBot 11, "HTTP" (authentication, answers) and "公开 API", send_msg.
"""

import asyncio
from contextlib import nullcontext
from time import monotonic
from typing import Annotated, ClassVar, Self

from pydantic import Field, PrivateAttr, model_validator

from ...model.delivery import Delivered, Delivery, NotSent, Outcome, Rejected
from ...model.target import Kind
from ...settings import MaxPicture, Secret, Url
from ..base import HttpChannel
from ..http import Answer, Client, judge_status
from ..qq.chat_history import SECONDS, count, question
from ..qq.failures import judge
from ..qq.message import (
    MAX_PICTURE,
    MAX_TEXT,
    answer_seconds,
    appearance_of,
    encode_v11,
    fit_message,
    with_small_pictures,
)
from ..qq.shapes import Shapes


class Channel(HttpChannel):
    """A QQ user or group, by NapCat, Lagrange and the like."""

    label: ClassVar[str] = "OneBot"
    pictures: ClassVar[str] = "和文字一起"
    limits: ClassVar[str] = f"{MAX_TEXT} 字"
    most_pictures: ClassVar[int] = 20

    endpoint: Url
    """OneBot 实现的 HTTP 服务器的网址，写到端口，或者写到 /send_msg"""
    token: Secret | None = None
    """它的 access token"""
    user_id: Annotated[int, Field(gt=0)] | None = None
    """发给哪个 QQ 号；和 group_id 填一个"""
    group_id: Annotated[int, Field(gt=0)] | None = None
    """发到哪个群"""
    max_picture: MaxPicture = MAX_PICTURE
    """一张图片最多多大；更大的压成 JPEG 再发，动图不动；none 是不限"""

    _shapes: Shapes = PrivateAttr(default_factory=Shapes)
    _turn: asyncio.Lock = PrivateAttr(default_factory=asyncio.Lock)
    """Held by a message with pictures until it is answered."""

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        if (self.user_id is None) == (self.group_id is None):
            raise ValueError("user_id 和 group_id 要填一个，也只能填一个")
        return self

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send text and picture as one message of segments."""
        shrunk, was_shrunk = await with_small_pictures(delivery.message, self.max_picture)
        shape = self._shapes.choose(delivery, "", monotonic())
        message, note = fit_message(shrunk, shape)
        kind, number = self._chat
        target = {"message_type": kind, "user_id" if kind == "private" else "group_id": number}
        async with self._turn if message.images else nullcontext():
            outcome = await http.post(
                self._address("send_msg"),
                json={**target, "message": await encode_v11(message)},
                headers=self._headers,
                answer_seconds=answer_seconds(message),
                verdict=_verdict,
                notes=[note, was_shrunk],
            )
        self._shapes.note(delivery, "", shape, outcome, monotonic())
        return outcome

    async def seen(
        self, delivery: Delivery, since: float, until: float, http: Client
    ) -> int | None:
        """How many such messages the chat's history shows."""
        action, parameters = question(*self._chat)
        answer = await http.fetch(
            self._address(action),
            json=parameters,
            headers=self._headers,
            answer_seconds=SECONDS,
        )
        data = answer.fields.get("data") if isinstance(answer, Answer) else None
        number = count(data, None, appearance_of(delivery), since, until)
        if number == 0:
            self._shapes.miss(delivery, monotonic())
        return number

    @property
    def _chat(self) -> tuple[Kind, int]:
        if self.group_id is not None:
            return "group", self.group_id
        assert self.user_id is not None  # noqa: S101 - one of them is set
        return "private", self.user_id

    @property
    def _headers(self) -> dict[str, str]:
        token = self.token
        return {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}

    def _address(self, action: str) -> str:
        return f"{self.endpoint.rstrip('/').removesuffix('/send_msg')}/{action}"


def _verdict(answer: Answer) -> Outcome:
    """`async` is taken, too: it is sent later, and nothing more will be said."""
    if answer.status in (401, 403):
        return Rejected(f"access token 不对（HTTP {answer.status}），检查 token")
    if not answer.succeeded:
        return judge_status(answer)
    match answer.fields.get("status"):
        case "ok" | "async":
            return Delivered()
        case "failed":
            return judge(answer.fields)
        case _:
            return NotSent("回答不是 OneBot 的格式，检查 endpoint", answered=True)
