"""WeCom (企业微信): messages of an application, which its members read in plain WeChat, too.

Sources: developer.work.weixin.qq.com, "获取access_token", "发送应用消息", "上传临时素材" and
"全局错误码".
"""

import re
from functools import partial
from typing import Annotated, ClassVar, Final

from pydantic import Field, PrivateAttr

from ...model.delivery import Delivered, Delivery, NotSent, Outcome, Rejected
from ...model.image import Image
from ...settings import Filled, Names, Secret, Url
from ..base import PartedChannel
from ..fit import fit_image, fit_text, utf8_size
from ..http import AccessToken, Answer, Client, judge_code
from ..literal import literal
from ..outcomes import short_reason
from ..pace import Rate

# "发送应用消息": text of at most 2048 bytes of UTF-8; "访问频率限制": 30 a minute to a member.
RATES: Final = ((30, 60.0),)
MAX_TEXT: Final = 2048
# "上传临时素材": JPG and PNG of at most 10 MB.
MAX_PICTURE: Final = 10 * 1000 * 1000
TOKEN_MARGIN: Final = 60.0
"""Seconds before its end at which a token is no longer used."""
# "全局错误码".
_STALE_TOKEN: Final = (40014, 41001, 42001)
_FOREIGN_ADDRESS: Final = 60020
_FIXES: Final = {
    40001: "corpsecret 不对，要填这个应用的 Secret",
    40013: "corpid 不对，在管理后台的「我的企业」最下面",
    40056: "agentid 不对，在管理后台的应用详情里",
    301002: "agentid 和 corpsecret 不是同一个应用的",
    40003: "to 里的账号不对，填成员的账号（userid）",
    81013: "to 里的人都收不到，检查账号和应用的「可见范围」",
    40009: "图片大小不合要求",
    40058: "企业微信不认得这条消息",
}
_WAITS: Final = {45009: 60.0, 45033: 1.0}


class Channel(PartedChannel):
    """An application of a company. Text and pictures are messages of their own."""

    label: ClassVar[str] = "企业微信应用"
    pictures: ClassVar[str] = "上传后作为单独的消息发送，最多 9 张"
    most_pictures: ClassVar[int] = 9
    limits: ClassVar[str] = "2048 字节文字；图片 10 MB；每分钟 30 条"
    asks_first: ClassVar[bool] = True
    rates: ClassVar[tuple[Rate, ...]] = RATES

    corpid: Filled
    """企业 ID，在管理后台的「我的企业」最下面"""
    corpsecret: Secret
    """应用的 Secret"""
    agentid: Annotated[int, Field(gt=0)]
    """应用的 AgentId；应用的「企业可信 IP」里要有本机的公网 IP"""
    to: Names = ("@all",)
    """发给哪些成员的账号（userid），几个用逗号隔开；@all 是应用可见范围里的所有人"""
    server: Url = "https://qyapi.weixin.qq.com"
    """接口的网址；用自己的反向代理时填写"""

    _token: AccessToken = PrivateAttr(default_factory=lambda: AccessToken(TOKEN_MARGIN))

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send the text, then the pictures."""
        message = delivery.message
        parts = [lambda: self._text(message.text, http)] if message.text else []
        parts += [partial(self._picture, image, http) for image in message.images]
        return await self.send_parts(delivery, *parts)

    async def _text(self, text: str, http: Client) -> Outcome:
        fitted, note = fit_text(literal(text), MAX_TEXT, utf8_size)
        return await self._post({"msgtype": "text", "text": {"content": fitted}}, note, http)

    async def _picture(self, image: Image, http: Client) -> Outcome:
        fitted, note = await fit_image(image, max_bytes=MAX_PICTURE)
        if fitted is None:
            return Rejected(note)
        token = await self._access_token(http)
        if not isinstance(token, str):
            return token
        answer = await http.fetch(
            self._address("media/upload"),
            params={"access_token": token, "type": "image"},
            files={"media": (f"screenshot.{fitted.extension}", fitted.data, fitted.media_type)},
        )
        if not isinstance(answer, Answer):
            return answer
        match answer.fields:
            case {"media_id": str() as media_id}:
                picture = {"media_id": media_id}
                return await self._post({"msgtype": "image", "image": picture}, note, http)
            case _:
                return self._refusal(answer)

    async def _post(self, content: dict[str, object], note: str, http: Client) -> Outcome:
        token = await self._access_token(http)
        if not isinstance(token, str):
            return token
        return await http.post(
            self._address("message/send"),
            params={"access_token": token},
            json={"touser": "|".join(self.to), "agentid": self.agentid, **content},
            verdict=self._verdict,
            notes=[note],
        )

    async def _access_token(self, http: Client) -> str | NotSent | Rejected:
        if (cached_token := self._token.valid) is not None:
            return cached_token
        answer = await http.fetch(
            self._address("gettoken"),
            method="GET",
            params={"corpid": self.corpid, "corpsecret": self.corpsecret.get_secret_value()},
        )
        if not isinstance(answer, Answer):
            return answer
        match answer.fields:
            case {"errcode": 0, "access_token": str() as token, "expires_in": int() as lifetime}:
                return self._token.keep(token, lifetime)
            case _:
                return self._refusal(answer)

    def _address(self, method: str) -> str:
        return f"{self.server.rstrip('/')}/cgi-bin/{method}"

    def _verdict(self, answer: Answer) -> Outcome:
        code, message = answer.fields.get("errcode"), short_reason(answer.fields.get("errmsg"))
        if code in _STALE_TOKEN:
            self._token.drop()
            return NotSent("令牌过期了，重新取", 1.0)
        if code == _FOREIGN_ADDRESS:
            return Rejected(
                f"本机的公网 IP{_address_in(message)}不在应用的「企业可信 IP」里，去加上"
            )
        outcome = judge_code(answer, code, message, fixes=_FIXES, waits=_WAITS)
        missed = short_reason(answer.fields.get("invaliduser"))
        if isinstance(outcome, Delivered) and missed:
            return Delivered(f"有的人收不到（{missed}），检查 to 和应用的「可见范围」")
        return outcome

    def _refusal(self, answer: Answer) -> NotSent | Rejected:
        """Why a token or an upload was not given."""
        outcome = self._verdict(answer)
        if isinstance(outcome, NotSent | Rejected):
            return outcome
        return NotSent("回答不是企业微信的格式，检查 server", answered=True)


def _address_in(message: str) -> str:
    """The address that it saw, which nobody behind a router knows of himself."""
    match = re.search(r"from ip: ([0-9a-fA-F.:]+)", message)
    return f"（{match[1].rstrip('.:')}）" if match else ""
