"""Bark: notifications on iPhones, encrypted where a key is set.

Sources: bark.day.app, "使用教程" (parameters) and "推送加密"; Finb/bark-server, route_push.go and
apns/apns.go (answers); developer.apple.com, "Creating a remote notification" (a payload of at most
4 KB) and "Handling notification responses from APNs".
"""

import base64
import secrets
from importlib.util import find_spec
from typing import Annotated, ClassVar, Final, Literal

import orjson
from pydantic import Field, SecretStr, field_validator

from ...errors import MissingExtra
from ...model.delivery import Delivery, Outcome, Rejected
from ...settings import Filled, Secret, Secrets, Url
from ..base import PartedChannel
from ..fit import fit_text, json_size
from ..http import Answer, Client, judge_code

# Of the 4096 bytes, with room for the other fields; base64 of what is encrypted takes a third more.
MAX_TITLE: Final = 200
MAX_TEXT: Final = 2600
MAX_ENCRYPTED: Final = 1700
_KEY_SIZES: Final = (16, 24, 32)
_FIXES: Final = {400: "device_key 不对，或推送服务拒绝了它", 404: "地址不存在，检查 server"}
_GONE: Final = "这台设备的 key 失效了，打开 Bark App，把新的 key 填进 device_key"
# The server answers 500 for all that APNs refuses, with its reason; others may pass.
_FINAL: Final = {
    "PayloadTooLarge": "内容太大，苹果的推送不收",
    "BadDeviceToken": _GONE,
    "Unregistered": _GONE,
}


class Channel(PartedChannel):
    """One or several devices."""

    label: ClassVar[str] = "Bark"
    pictures: ClassVar[str] = "不能发，只发文字"
    limits: ClassVar[str] = "2600 字节文字（加密时 1700）"
    most_pictures: ClassVar[int] = 0

    device_key: Secrets
    """App 里的 key；几台设备用逗号、分号或空格隔开"""
    server: Url = "https://api.day.app"
    """服务器的网址"""
    level: Literal["active", "timeSensitive", "passive", "critical"] = "active"
    """中断级别"""
    sound: Filled = "minuet"
    """铃声"""
    group: Filled = "default"
    """分组"""
    icon: Url | None = None
    """图标的网址"""
    volume: Annotated[int, Field(ge=0, le=10)] | None = None
    """critical 时的音量，0 到 10"""
    call: bool = False
    """铃声是否响 30 秒"""
    url: Filled | None = None
    """点开后去的网址"""
    encryption_key: Secret | None = None
    """App「推送加密」里的 KEY，16、24 或 32 个字符；不写则不加密（需要 cryptography）"""
    encryption_mode: Literal["CBC", "ECB", "GCM"] = "CBC"
    """App「推送加密」里的模式"""

    @field_validator("encryption_key")
    @classmethod
    def _check_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is None:
            return None
        if len(key.get_secret_value().encode()) not in _KEY_SIZES:
            raise ValueError("应为 16、24 或 32 个字符，和 App 里的一样")
        if find_spec("cryptography") is None:
            raise MissingExtra('加密需要另外安装：pip install ".[bark]"')
        return key

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send to each device; none gets it twice."""
        message = delivery.message
        title, _ = fit_text(message.title, MAX_TITLE, json_size)
        limit = MAX_TEXT if self.encryption_key is None else MAX_ENCRYPTED
        text, cut = fit_text(message.body or message.title, limit, json_size)
        content = self._content(title, text)
        notes = [cut]

        async def push(key: SecretStr) -> Outcome:
            return await http.post(
                f"{self.server.rstrip('/')}/push",
                # Of a repeat that has the same id (bark-server 2.2.2 on) the app shows one.
                json={
                    "device_key": key.get_secret_value(),
                    "id": delivery.id,
                    **self._sealed(content),
                },
                verdict=_verdict,
                notes=notes,
            )

        devices = [lambda key=key: push(key) for key in self.device_key]
        return await self.send_parts(delivery, *devices, independent=True)

    def _content(self, title: str, text: str) -> dict[str, object]:
        content: dict[str, object] = {
            "title": title,
            "body": text,
            "level": self.level,
            "sound": self.sound,
            "group": self.group,
        }
        options = {"icon": self.icon, "url": self.url, "volume": self.volume}
        content |= {name: value for name, value in options.items() if value is not None}
        return content | ({"call": "1"} if self.call else {})

    def _sealed(self, content: dict[str, object]) -> dict[str, object]:
        if self.encryption_key is None:
            return content
        key = self.encryption_key.get_secret_value().encode()
        return encrypt(orjson.dumps(content), key, self.encryption_mode)


def encrypt(plain: bytes, key: bytes, mode: str) -> dict[str, object]:
    """The parameters as `ciphertext`, and the `iv` that they were encrypted with ("推送加密")."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.padding import PKCS7

    # Sixteen characters, or GCM's twelve: the app takes the text's bytes.
    iv = secrets.token_hex(6 if mode == "GCM" else 8)
    if mode == "GCM":
        sealed = AESGCM(key).encrypt(iv.encode(), plain, None)
    else:
        padder = PKCS7(128).padder()
        padded = padder.update(plain) + padder.finalize()
        # ECB hides little; it is one of the app's modes, and the user's choice.
        chosen = modes.CBC(iv.encode()) if mode == "CBC" else modes.ECB()  # noqa: S305 - as above
        encryptor = Cipher(algorithms.AES(key), chosen).encryptor()
        sealed = encryptor.update(padded) + encryptor.finalize()
    ciphertext = base64.b64encode(sealed).decode()
    return {"ciphertext": ciphertext, **({} if mode == "ECB" else {"iv": iv})}


def _verdict(answer: Answer) -> Outcome:
    code, message = answer.fields.get("code"), answer.fields.get("message")
    for reason, fix in _FINAL.items():
        if reason in str(message):
            return Rejected(fix)
    return judge_code(answer, code, message, success=(200,), fixes=_FIXES, waits={429: 5.0})
