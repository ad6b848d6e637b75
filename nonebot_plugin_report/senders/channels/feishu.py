"""Feishu and Lark: a group's custom bot, and with an app's id and secret its pictures too.

Sources: open.feishu.cn, "自定义机器人使用指南" (messages, signature, limits, error codes),
"上传图片" (im/v1/images), "自建应用获取 tenant_access_token", "频控策略" and "通用错误码".
"""

import base64
import hmac
import json
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import ClassVar, Final, Self
from urllib.parse import urlsplit

from pydantic import PrivateAttr, model_validator

from ...model.delivery import Delivery, NotSent, Outcome, Rejected
from ...model.image import Image
from ...settings import Filled, Secret, SecretUrl
from ..base import HttpChannel
from ..fit import fit_image, fit_text, json_size
from ..http import AccessToken, Answer, Client, judge_code, seconds_of
from ..literal import literal
from ..mention import Mention, mentioned
from ..outcomes import short_reason
from ..pace import Rate

# "自定义机器人使用指南", "使用限制": 5 a second and 100 a minute, a body of at most 20 KB.
RATES: Final = ((5, 1.0), (100, 60.0))
MAX_BODY: Final = 20 * 1000
# "上传图片": at most 10 MB.
MAX_PICTURE: Final = 10 * 1000 * 1000
PICTURE_FORMATS: Final = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp")
TOKEN_MARGIN: Final = 60.0
"""Seconds before its end at which a token is no longer used."""
_FIXES: Final = {
    19021: "签名不符或时间相差太大，检查 secret 和本机时间",
    19022: "本机的 IP 不在机器人的白名单里",
    19024: "消息里没有机器人要求的关键词",
    19001: "webhook 地址里的密钥不对",
    19007: "机器人没有启用，到群设置的机器人里启用",
    99991672: "应用没有「上传图片」权限，到开放平台的这个应用里开通 im:resource 并发布",
}
_MALFORMED: Final = 9499
"""Whatever the body's fault; where its words say so, too many requests ("常见问题")."""
_WAITS: Final = {11232: 1.0}  # "frequency limited"
# "频控策略": 429, of older interfaces 400; a header names the seconds until it may go on.
_FREQUENCY: Final = 99991400
_RESET: Final = "x-ogw-ratelimit-reset"
_TOO_FAST: Final = "发送太快，服务要求稍后再发"
_STALE_TOKEN: Final = range(99991661, 99991672)
"""Codes of a tenant_access_token that is no longer good ("通用错误码")."""


class Channel(HttpChannel):
    """A custom bot of a group in Feishu or Lark."""

    label: ClassVar[str] = "飞书"
    pictures: ClassVar[str] = "填了 `app_id` 与 `app_secret` 时上传后显示，最多 9 张，否则只发文字"
    most_pictures: ClassVar[int] = 9
    limits: ClassVar[str] = "20 KB 文字；图片 10 MB；每秒 5 条、每分钟 100 条"
    asks_first: ClassVar[bool] = True
    rates: ClassVar[tuple[Rate, ...]] = RATES

    webhook: SecretUrl
    """机器人的 webhook 地址（飞书或 Lark）"""
    secret: Secret | None = None
    """机器人的「签名校验」密钥；没有开启就不写"""
    mention: Mention = ()
    """紧急的、失败的推送 @ 谁：all 是所有人，或用户的 open_id（ou_ 开头），几个用逗号隔开"""
    app_id: Filled | None = None
    """自建应用的 App ID；和 app_secret 一起填了才能发图片"""
    app_secret: Secret | None = None
    """自建应用的 App Secret；应用要有「上传图片」权限（im:resource）"""

    _token: AccessToken = PrivateAttr(default_factory=lambda: AccessToken(TOKEN_MARGIN))

    @model_validator(mode="after")
    def _check_app(self) -> Self:
        if (self.app_id is None) != (self.app_secret is None):
            raise ValueError("app_id 和 app_secret 要一起填")
        return self

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send one message: the text, and below it the pictures that could be uploaded."""
        message = delivery.message
        keys: list[str] = []
        picture_notes: list[str] = []
        for image in message.images:
            match await self._upload(image, http):
                case str() as key:
                    keys.append(key)
                case NotSent(answered=False) as failure:
                    return failure
                case NotSent(reason) | Rejected(reason):
                    picture_notes.append(f"没有图片：{reason}")
        people = mentioned(self.mention, delivery)
        room = MAX_BODY - self._overhead(keys, people)
        text, cut_note = fit_text(literal(message.text), room, json_size)
        return await http.post(
            self.webhook.get_secret_value(),
            json={**self._signature(), **_content(text, keys, people)},
            verdict=_verdict,
            notes=[cut_note, *picture_notes],
        )

    def _overhead(self, keys: Sequence[str], people: tuple[str, ...]) -> int:
        return len(json.dumps({**self._signature(), **_content("", keys, people)}))

    def _signature(self) -> dict[str, str]:
        if self.secret is None:
            return {}
        timestamp = str(int(time.time()))
        return {"timestamp": timestamp, "sign": sign(timestamp, self.secret.get_secret_value())}

    async def _upload(self, image: Image, http: Client) -> str | NotSent | Rejected:
        """The picture's key, or why there is none."""
        if self.app_id is None:
            return Rejected("没有填 app_id 和 app_secret")
        fitted, note = await fit_image(image, max_bytes=MAX_PICTURE, formats=PICTURE_FORMATS)
        if fitted is None:
            return Rejected(note)
        token = await self._tenant_token(http)
        if not isinstance(token, str):
            return token
        answer = await http.fetch(
            f"{self._origin}/open-apis/im/v1/images",
            headers={"Authorization": f"Bearer {token}"},
            data={"image_type": "message"},
            files={"image": (f"screenshot.{fitted.extension}", fitted.data, fitted.media_type)},
        )
        if not isinstance(answer, Answer):
            return answer
        match answer.fields:
            case {"code": 0, "data": {"image_key": str() as key}}:
                return key
            case {"code": int() as code} if code in _STALE_TOKEN:
                self._token.drop()
            case _:
                pass
        return _refusal(answer)

    async def _tenant_token(self, http: Client) -> str | NotSent | Rejected:
        if (cached_token := self._token.valid) is not None:
            return cached_token
        assert self.app_secret is not None  # noqa: S101 - checked with app_id
        answer = await http.fetch(
            f"{self._origin}/open-apis/auth/v3/tenant_access_token/internal",
            json={"app_id": self.app_id, "app_secret": self.app_secret.get_secret_value()},
        )
        if not isinstance(answer, Answer):
            return answer
        match answer.fields:
            case {"code": 0, "tenant_access_token": str() as token, "expire": int() as lifetime}:
                return self._token.keep(token, lifetime)
            case _:
                return _refusal(answer)

    @property
    def _origin(self) -> str:
        url = urlsplit(self.webhook.get_secret_value())
        return f"{url.scheme}://{url.netloc}"


def sign(timestamp: str, secret: str) -> str:
    """The signature of a request: the key is `timestamp\\nsecret`, the message is empty."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.digest(key, b"", sha256)).decode()


def _content(text: str, keys: Sequence[str], people: tuple[str, ...]) -> dict[str, object]:
    if not keys:
        calls = "".join(f'\n<at user_id="{one}"></at>' for one in people)
        return {"msg_type": "text", "content": {"text": text + calls}}
    pictures = [[{"tag": "img", "image_key": key}] for key in keys]
    rows = [[{"tag": "text", "text": text}], *pictures]
    if people:
        rows.insert(1, [{"tag": "at", "user_id": one} for one in people])
    return {"msg_type": "post", "content": {"post": {"zh_cn": {"title": "", "content": rows}}}}


def _verdict(answer: Answer) -> Outcome:
    """A success is `code` 0, in older answers `StatusCode` 0."""
    code = answer.fields.get("code", answer.fields.get("StatusCode"))
    message = short_reason(answer.fields.get("msg", answer.fields.get("StatusMessage")))
    if code == _FREQUENCY:
        wait = seconds_of(answer.headers.get(_RESET))
        return NotSent(_TOO_FAST, answer.retry_after or 1.0 if wait is None else wait)
    if code == _MALFORMED and "too many" in message.lower():
        return NotSent(_TOO_FAST, answer.retry_after or 1.0)
    if code == _MALFORMED:
        return Rejected(
            f"飞书不认得这条消息（{code} {message}），检查 webhook 是不是群机器人的地址"
        )
    return judge_code(answer, code, message, fixes=_FIXES, waits=_WAITS)


def _refusal(answer: Answer) -> NotSent | Rejected:
    """Why a token or an upload was not given."""
    outcome = _verdict(answer)
    if isinstance(outcome, NotSent | Rejected):
        return outcome
    return NotSent("回答不是飞书的格式，检查 webhook 地址", answered=True)
