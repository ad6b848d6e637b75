"""An outgoing webhook: the report as JSON, signed where a secret is set.

Source of the signature: standardwebhooks.com, "Standard Webhooks" specification, "Webhook
signatures".
"""

import base64
import hmac
import time
from hashlib import sha256
from typing import ClassVar, Final

from pydantic import Field, SecretStr, field_validator

from ...model.delivery import Delivery, Outcome
from ...settings import Headers, Secret, SecretUrl
from ..base import HttpChannel, as_json
from ..http import Client, judge_status

_BASE64_MARK: Final = "whsec_"


class Channel(HttpChannel):
    """Any address that takes a POST."""

    label: ClassVar[str] = "Webhook"
    pictures: ClassVar[str] = "base64，在 `screenshot` 里，几张时都在 `screenshots` 里；可关"
    limits: ClassVar[str] = "无"
    most_pictures: ClassVar[int] = 20

    url: SecretUrl
    """接收的地址"""
    headers: Headers = Field(default_factory=dict[str, SecretStr])
    """附加的请求头，例如 {"Authorization": "Bearer …"}"""
    secret: Secret | None = None
    """签名密钥（Standard Webhooks；whsec_ 开头的按 base64 读），不写则不签名"""
    screenshot: bool = True
    """是否带上截图"""

    @field_validator("secret")
    @classmethod
    def _check_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            try:
                _key(secret.get_secret_value())
            except ValueError:
                raise ValueError("whsec_ 后面应是 base64") from None
        return secret

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Post the report; the same delivery always has the same `webhook-id`."""
        body = as_json(delivery, screenshot=self.screenshot)
        own = {name: value.get_secret_value() for name, value in self.headers.items()}
        plain = {"Content-Type": "application/json", "webhook-id": delivery.id}
        headers = {**plain, **own, **self._signature(delivery.id, body)}
        return await http.post(
            self.url.get_secret_value(), content=body, headers=headers, verdict=judge_status
        )

    def _signature(self, message_id: str, body: bytes) -> dict[str, str]:
        if self.secret is None:
            return {}
        timestamp = str(int(time.time()))
        signed = f"{message_id}.{timestamp}.".encode() + body
        signature = hmac.digest(_key(self.secret.get_secret_value()), signed, sha256)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
        }


def _key(secret: str) -> bytes:
    if secret.startswith(_BASE64_MARK):
        return base64.b64decode(secret.removeprefix(_BASE64_MARK), validate=True)
    return secret.encode()
