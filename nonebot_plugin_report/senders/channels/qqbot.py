"""QQ's official bots, by their REST interface.

Sources: bot.q.qq.com/wiki, "接口调用与鉴权", "发送消息", "富媒体消息", "错误码".
"""

from typing import ClassVar, Final, Self

import pybase64
from pydantic import PrivateAttr, model_validator

from ...model.delivery import Delivered, Delivery, NotSent, Outcome, Rejected
from ...model.image import Image
from ...settings import Filled, Secret, Url
from ..base import HttpChannel
from ..fit import fit_image, fit_text
from ..http import AccessToken, Answer, Client, judge_status
from ..literal import literal
from ..outcomes import PICTURE_REJECTED, short_reason

# No document names the text's limit; "富媒体消息": a request of about 10 MB, base64 included.
MAX_TEXT: Final = 2000
MAX_PICTURE: Final = 7 * 1000 * 1000
TOKEN_MARGIN: Final = 50.0
"""Seconds; within the last 60 a new token is given out, and the old one still works."""
_STALE_TOKEN: Final = (11241, 11242, 11243, 11244, 11252)
_TOO_OFTEN: Final = (22009, 304045, 40034100)
_QUOTA_WAIT: Final = 3600.0
# "发送消息": the active push ended on 2025-04-21, but for bots that were granted it.
_NO_PUSH: Final = (
    "QQ 没有给这个机器人主动发消息的权限（2025-04-21 起多数机器人都没有）；改用 OneBot 或别的渠道"
)
_FIXES: Final = {
    11251: "QQ 不认得这个机器人，检查 app_id 和 client_secret",
    11253: "机器人没有这个接口的权限，到 q.qq.com 申请",
    11254: "机器人的这个接口被封禁了，到 q.qq.com 查看",
    11265: "机器人被封禁了，到 q.qq.com 查看",
    304046: "这里不许机器人主动发消息，到它的设置里打开，或换一个群",
    304047: "机器人今天主动发消息的地方到了上限，换一个渠道",
    40034101: "机器人不在这个群里，先把它加进群",
    40034102: _NO_PUSH,
    40034105: _NO_PUSH,
}


class Channel(HttpChannel):
    """A user or group that a bot of the open platform may write to."""

    label: ClassVar[str] = "QQ 官方机器人"
    pictures: ClassVar[str] = "上传后和文字一起"
    limits: ClassVar[str] = "2000 字；图片 7 MB；2025-04-21 起，没有主动消息权限的机器人发不出去"
    asks_first: ClassVar[bool] = True

    app_id: Filled
    """机器人的 AppID"""
    client_secret: Secret
    """机器人的 AppSecret"""
    user_openid: Filled | None = None
    """发给谁（openid，不是 QQ 号）；和 group_openid 填一个"""
    group_openid: Filled | None = None
    """发到哪个群"""
    server: Url = "https://api.sgroup.qq.com"
    """接口的网址；沙箱是 https://sandbox.api.sgroup.qq.com"""
    auth_server: Url = "https://bots.qq.com"
    """取令牌的网址"""

    _token: AccessToken = PrivateAttr(default_factory=lambda: AccessToken(TOKEN_MARGIN))

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        if (self.user_openid is None) == (self.group_openid is None):
            raise ValueError("user_openid 和 group_openid 要填一个，也只能填一个")
        return self

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send one message, with the picture where that could be uploaded."""
        token = await self._access_token(http)
        if not isinstance(token, str):
            return token
        message = delivery.message
        text, cut = fit_text(literal(message.text), MAX_TEXT)
        content: dict[str, object] = {"msg_type": 0, "content": text or literal(message.title)}
        picture_note = ""
        if message.image is not None:
            match await self._upload(message.image, token, http):
                case str() as info:
                    media = {"file_info": info}
                    content = {"msg_type": 7, "content": text or " ", "media": media}
                case NotSent(answered=False) as failure:
                    return failure
                case NotSent(reason) | Rejected(reason):
                    picture_note = PICTURE_REJECTED.format(reason)
        return await http.post(
            f"{self._target}/messages",
            json=content,
            headers={"Authorization": f"QQBot {token}"},
            verdict=self._verdict,
            notes=[cut, picture_note],
        )

    @property
    def _target(self) -> str:
        kind, openid = "users", self.user_openid
        if openid is None:
            kind, openid = "groups", self.group_openid
        return f"{self.server.rstrip('/')}/v2/{kind}/{openid}"

    async def _access_token(self, http: Client) -> str | NotSent | Rejected:
        if (cached_token := self._token.valid) is not None:
            return cached_token
        answer = await http.fetch(
            f"{self.auth_server.rstrip('/')}/app/getAppAccessToken",
            json={"appId": self.app_id, "clientSecret": self.client_secret.get_secret_value()},
        )
        if not isinstance(answer, Answer):
            return answer
        match answer.fields:
            case {"access_token": str() as token, "expires_in": int() | str() as lifetime}:
                return self._token.keep(token, lifetime)
            case {"code": int() as code} if answer.succeeded:
                return Rejected(f"没有给令牌（{code}），检查 app_id 和 client_secret")
            case _:
                return _failure(answer)

    async def _upload(self, image: Image, token: str, http: Client) -> str | NotSent | Rejected:
        """The picture's `file_info`, or why there is none."""
        fitted, note = await fit_image(image, max_bytes=MAX_PICTURE)
        if fitted is None:
            return Rejected(note)
        answer = await http.fetch(
            f"{self._target}/files",
            json={
                "file_type": 1,
                "file_data": pybase64.b64encode_as_string(fitted.data),
                "srv_send_msg": False,
            },
            headers={"Authorization": f"QQBot {token}"},
        )
        if not isinstance(answer, Answer):
            return answer
        match answer.fields:
            case {"file_info": str() as info} if answer.succeeded:
                return info
            case _:
                return self._refused(answer)

    def _verdict(self, answer: Answer) -> Outcome:
        if answer.succeeded and "id" in answer.fields:
            return Delivered()
        return self._refused(answer)

    def _refused(self, answer: Answer) -> NotSent | Rejected:
        if answer.status == 401 and answer.fields.get("code") in _STALE_TOKEN:
            self._token.drop()
            return NotSent("令牌过期了，重新取", retry_after=1.0)
        return _failure(answer)


def _failure(answer: Answer) -> NotSent | Rejected:
    code, message = answer.fields.get("code"), short_reason(answer.fields.get("message"))
    if isinstance(code, int) and code in _FIXES:
        return Rejected(_FIXES[code])
    if code in _TOO_OFTEN:
        return NotSent("主动消息的条数用完了", answer.retry_after or _QUOTA_WAIT)
    status = judge_status(answer)
    if isinstance(status, Rejected) and isinstance(code, int):
        return Rejected(f"被拒绝（{code} {message}）")
    if isinstance(status, NotSent | Rejected):
        return status
    return NotSent(f"没有成功（{code} {message}）" if code else "回答的格式不对", answered=True)
