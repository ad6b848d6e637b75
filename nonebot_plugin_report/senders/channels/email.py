"""E-mail by SMTP: plain text and HTML, the picture inside.

Sources: RFC 5321 section 4.2.1 (4yz later, 5yz never), RFC 8314 (465 and 587), RFC 2392
(Content-ID), service.mail.qq.com, help 1000725 ("Ip frequency limited"). NetEase's servers speak
TLS on 587, as BetterGI found.
"""

import asyncio
import re
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from html import escape
from secrets import token_bytes
from typing import Annotated, ClassVar, Final, Literal, Self

import aiosmtplib
import pybase64
from pydantic import Field, PrivateAttr, field_validator, model_validator

from ...model.delivery import Delivery, NotSent, Outcome, Rejected, Unknown
from ...model.image import Image
from ...settings import Filled, Names, Secret
from ..base import Channel as Base
from ..fit import fit_images, fit_text
from ..http import Client
from ..outcomes import delivered

MAX_TEXT: Final = 100_000
# Providers take 20 MB and more, base64 included; none names less.
MAX_PICTURES: Final = 10 * 1000 * 1000
PICTURE_FORMATS: Final = ("image/jpeg", "image/png", "image/gif")
CONNECT_SECONDS: Final = 20.0
EXCHANGE_SECONDS: Final = 120.0
_NETEASE: Final = ("163.com", "126.com", "yeah.net")
# QQ mail and others say so of who logs in or writes too often: "550 Ip frequency limited", and
# "535 Login fail … password is incorrect, login frequency limited, or system is busy".
_FOR_NOW_CODES: Final = (535, 550)
_FOR_NOW: Final = re.compile(r"frequen|limit|busy|too many|try again|频|繁忙|稍后", re.IGNORECASE)
_FOR_NOW_WAIT: Final = 300.0
_DOT: Final = re.compile(rb"(?m)^\.")
"""What would end a letter; base64 has none."""


class Channel(Base):
    """A mailbox that writes to others."""

    label: ClassVar[str] = "邮件"
    pictures: ClassVar[str] = "在正文里，几张都行"
    limits: ClassVar[str] = "100000 字；图片一共 10 MB"
    most_pictures: ClassVar[int] = 20

    host: Filled
    """SMTP 服务器，例如 smtp.qq.com"""
    to: Annotated[Names, Field(min_length=1)]
    """收件人，几个用逗号隔开"""
    port: Annotated[int, Field(ge=1, le=65535)] = 465
    """端口：465（TLS）、587（STARTTLS）、25"""
    security: Literal["tls", "starttls", "plain"] | None = None
    """加密方式；不写则由端口决定（587 是 starttls，网易的 587 是 tls，25 不加密，其余 tls）"""
    username: Filled | None = None
    """用户名，多半是完整的邮箱地址"""
    password: Secret | None = None
    """授权码（不是邮箱密码）"""
    sender: Filled | None = None
    """发件人；不写就是 username"""
    verify: bool = True
    """是否检查服务器的证书"""

    _context: ssl.SSLContext | None = PrivateAttr(default=None)

    @field_validator("to", "sender")
    @classmethod
    def _check_addresses(cls, value: tuple[str, ...] | str | None) -> tuple[str, ...] | str | None:
        for address in (value,) if isinstance(value, str) else value or ():
            name, at, host = address.rpartition("@")
            valid = name and at and host and address.isascii() and address.isprintable()
            if not valid or " " in address:
                raise ValueError("应为邮箱地址，例如 me@example.com")
        return value

    @model_validator(mode="after")
    def _check_login(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username 和 password 要一起填")
        if "@" not in self._sender:
            raise ValueError("sender 没有填写，username 也不是邮箱地址")
        return self

    async def send(self, delivery: Delivery, http: Client) -> Outcome:
        """Send one letter to all receivers."""
        del http  # not spoken here
        text, cut = fit_text(delivery.message.text, MAX_TEXT)
        pictures, notes = await fit_images(
            delivery.message.images, max_bytes=MAX_PICTURES, formats=PICTURE_FORMATS
        )
        # Both take the interpreter for long: no push should wait for it.
        letter = await asyncio.to_thread(self._letter, delivery, text, pictures)
        if self._context is None and self._security != "plain":
            self._context = await asyncio.to_thread(_tls_context, verify=self.verify)
        smtp = self._smtp()
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                await smtp.connect()
                if self.username is not None and self.password is not None:
                    await smtp.login(self.username, self.password.get_secret_value())
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            smtp.close()
            return _before(error)
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                refused = await _give(smtp, self._sender, self.to, letter)
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            return _during(error)
        finally:
            smtp.close()
        return delivered(cut, *notes, f"{refused} 个收件人被拒绝" if refused else "")

    @property
    def _sender(self) -> str:
        return self.sender or self.username or ""

    @property
    def _security(self) -> str:
        if self.security is not None:
            return self.security
        if self.port == 587:
            return "tls" if self.host.lower().endswith(_NETEASE) else "starttls"
        return "plain" if self.port == 25 else "tls"

    def _smtp(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self._security == "tls",
            # An opportunistic upgrade would send the letter in the clear where it is refused.
            start_tls=self._security == "starttls",
            tls_context=self._context,
            timeout=CONNECT_SECONDS,
        )

    def _letter(self, delivery: Delivery, text: str, pictures: Sequence[Image]) -> bytes:
        """The letter as it goes over the wire, with its end (RFC 5321 section 4.5.2)."""
        letter = EmailMessage(SMTP)
        letter["Subject"] = " ".join(delivery.message.title.split())
        letter["From"] = self._sender
        letter["To"] = ", ".join(self.to)
        letter["Date"] = formatdate(localtime=True)
        # The same for every try, so that a letter that came twice is seen once.
        letter["Message-ID"] = f"<{delivery.id}@{self._sender.rpartition('@')[2]}>"
        letter.set_content(text or delivery.message.title)
        html = f'<p style="white-space: pre-wrap">{escape(text)}</p>'
        named = [(f"screenshot{number or ''}", one) for number, one in enumerate(pictures)]
        for name, _ in named:
            html += f'<p><img src="cid:{name}" style="max-width: 100%"></p>'
        letter.add_alternative(html, subtype="html")
        marks = [_add_picture(letter, name, picture) for name, picture in named]
        written = _DOT.sub(b"..", letter.as_bytes())
        for mark, picture in zip(marks, pictures, strict=True):
            written = written.replace(mark, _lines(picture.data), 1)
        return written + b".\r\n"


async def _give(smtp: aiosmtplib.SMTP, sender: str, receivers: Sequence[str], letter: bytes) -> int:
    """Give the server a letter as it goes over the wire. Returns how many receivers it refused.

    As `sendmail`, which goes through a letter's line ends three times: 0.2 s for ten megabytes, in
    which the event loop stands still.

    Raises:
        SMTPException: it did not take it.
    """
    sized = smtp.supports_extension("size")
    await smtp.mail(sender, options=[f"size={len(letter)}"] if sized else ())
    refused: list[aiosmtplib.SMTPRecipientRefused] = []
    for receiver in receivers:
        try:
            await smtp.rcpt(receiver)
        except aiosmtplib.SMTPRecipientRefused as error:
            refused.append(error)
    if len(refused) == len(receivers):
        raise aiosmtplib.SMTPRecipientsRefused(refused)
    protocol = smtp.protocol
    if protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    begun = await protocol.execute_command(b"DATA", timeout=smtp.timeout)
    if begun.code != aiosmtplib.SMTPStatus.start_input:
        raise aiosmtplib.SMTPDataError(begun.code, begun.message)
    protocol.write(letter)
    ended = await protocol.read_response(timeout=smtp.timeout)
    if ended.code != aiosmtplib.SMTPStatus.completed:
        raise aiosmtplib.SMTPDataError(ended.code, ended.message)
    return len(refused)


def _tls_context(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _add_picture(letter: EmailMessage, name: str, picture: Image) -> bytes:
    """The HTML shows it by its Content-ID. Returns what stands in the written letter where its
    lines belong: the library takes ten times as long to write them."""
    html = letter.get_payload()[-1]  # pyright: ignore[reportArgumentType, reportUnknownVariableType] - typeshed's union
    assert isinstance(html, EmailMessage)  # noqa: S101 - the caller added it
    mark = token_bytes(33)  # which nobody can have written into the words
    html.add_related(
        mark,
        "image",
        picture.media_type.partition("/")[2],
        cid=f"<{name}>",
        disposition="inline",
        filename=f"{name}.{picture.extension}",
    )
    return pybase64.b64encode(mark)


def _lines(data: bytes) -> bytes:
    """Base64 in lines (RFC 2045 section 6.8), without the last one's end."""
    return pybase64.encodebytes(data).rstrip(b"\n").replace(b"\n", b"\r\n")


def _before(error: Exception) -> Outcome:
    """What a failure means before the letter was given."""
    match error:
        case aiosmtplib.SMTPAuthenticationError(code=code, message=said) if code >= 500:
            reason = f"登录被拒绝（{code}），检查 username 和 password（要填授权码）"
            if not _is_for_now(code, said):
                return Rejected(reason)
            return NotSent(f"{reason}，也可能是登录太频繁", _FOR_NOW_WAIT, answered=True)
        case aiosmtplib.SMTPConnectError() | OSError() if _is_certificate(error):
            return NotSent("服务器的证书不可信，没有发送；检查 host 和本机时间")
        case aiosmtplib.SMTPTimeoutError() | TimeoutError():
            return NotSent("服务器没有在时限内回答；检查 host、port 和 security")
        case aiosmtplib.SMTPResponseException(code=code):
            return NotSent(f"服务器不让连接或登录（{code}）", answered=True)
        case aiosmtplib.SMTPNotSupported():
            return Rejected("服务器不支持这种登录或加密方式，检查 port 和 security")
        case _:
            return NotSent("连不上服务器；检查 host、port 和 security")


def _is_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE" in str(error).upper():
            return True
        error = error.__cause__ or error.__context__
    return False


def _during(error: Exception) -> Outcome:
    """What a failure means while the letter is given: without an answer nobody knows."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=recipients):
            worst = max(recipients, key=lambda refusal: refusal.code)
            return _refused(worst.code, worst.message, "收件人被拒绝，检查 to")
        case aiosmtplib.SMTPSenderRefused(code=code, message=said):
            return _refused(code, said, "发件人被拒绝，检查 sender")
        case aiosmtplib.SMTPResponseException(code=code, message=said) if code >= 400:
            return _refused(code, said, "服务器拒绝了这封信")
        case ValueError():
            return Rejected("收件人或发件人的地址不对")
        case _:
            return Unknown("连接在服务器回答之前断开了")


def _refused(code: int, answer: str, reason: str) -> Outcome:
    """RFC 5321 section 4.2.1: 4yz may be tried again."""
    if _is_for_now(code, answer):
        return NotSent(f"服务器说发信太频繁或太忙（{code}）", _FOR_NOW_WAIT, answered=True)
    reason = f"{reason}（{code}）"
    return Rejected(reason) if code >= 500 else NotSent(reason)


def _is_for_now(code: int, answer: str) -> bool:
    """Whether a refusal that is final by its code is not, by its words."""
    return code in _FOR_NOW_CODES and _FOR_NOW.search(answer) is not None
