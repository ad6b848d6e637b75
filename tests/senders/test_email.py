"""E-mail, against a real SMTP server with STARTTLS, TLS and login."""

import email.policy
import ssl
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.model.delivery import (
    Delivered,
    Delivery,
    NotSent,
    Outcome,
    Rejected,
    Unknown,
)
from nonebot_plugin_report.senders import load
from tests.ports import free_port

from .service import MARKUP, Service, channel, make_delivery, make_image

# aiosmtpd warns of log-ins without STARTTLS, which the tests of plain and TLS want.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
PASSWORD = "auth0risation-code"


async def shows(delivery: Delivery) -> list[str]:
    """The HTML as it is written; the plain text is no more than that."""
    mailbox = Mailbox()
    with warnings.catch_warnings(action="ignore"):
        async with (
            mail_server(mailbox, "plain", trustme.CA()) as settings,
            channel("email", **settings) as mail,
        ):
            assert await mail.send(delivery) == Delivered()
    html = mailbox.letters[0].get_body(("html",))
    assert html is not None
    words = html.get_content().replace('<p style="white-space: pre-wrap">', "", 1)
    assert set(mailbox.letters[0].keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "MIME-Version", "Content-Type",
    } | ({"X-Peer", "X-MailFrom", "X-RcptTo"} & set(mailbox.letters[0].keys()))  # fmt: skip
    return [words.replace("</p>\n", "", 1).replace("</p>", "", 1)]


SERVICE = Service(
    kind="email",
    acts=MARKUP,
    shows=shows,
    settings=lambda _: {
        "host": "localhost", "to": ["you@example.com", "him@example.com"],
        "username": "me@example.com", "password": PASSWORD,
    },
    secrets=(PASSWORD,),
)  # fmt: skip


class Mailbox:
    """Keeps letters; answers as it is told."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.receivers: list[list[str]] = []
        self.data_answer = "250 OK"
        self.receiver_answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name and signature
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.receiver_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.receiver_answer

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        if self.data_answer == "drop":
            server.transport.abort()
            return "250 OK"
        letter = message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.receivers.append(envelope.rcpt_tos)
        return self.data_answer


def log_in(server: Any, session: Session, envelope: Envelope, how: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    right = data == LoginPassword(b"me@example.com", PASSWORD.encode())
    return AuthResult(success=right, handled=right)


@asynccontextmanager
async def mail_server(
    mailbox: Mailbox, security: str, authority: trustme.CA, authenticator: Any = log_in
) -> AsyncGenerator[dict[str, Any]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    options: dict[str, Any] = {"authenticator": authenticator, "auth_required": True}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    else:
        options |= {"auth_require_tls": False}
    controller = Controller(
        mailbox,
        hostname="localhost",
        port=0,
        ssl_context=context if security == "tls" else None,
        **options,
    )
    controller.port = free_port()
    controller.start()
    try:
        yield SERVICE.settings("") | {"port": controller.port, "security": security}
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The machine trusts the servers' authority."""
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return authority


async def send(mailbox: Mailbox, security: str, ca: trustme.CA, **more: Any) -> Outcome:
    async with (
        mail_server(mailbox, security, ca) as settings,
        channel("email", **settings | more) as mail,
    ):
        return await mail.send(make_delivery(image=make_image()))


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
async def test_text_html_and_picture_arrive(security: str, trusted: trustme.CA) -> None:
    mailbox = Mailbox()
    assert await send(mailbox, security, trusted) == Delivered()
    (letter,) = mailbox.letters
    assert mailbox.receivers == [["you@example.com", "him@example.com"]]
    assert letter["subject"] == "✅ 自动秘境结束"
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().split("\r\n")[:3] == make_delivery().message.text.split("\n")
    assert "共完成 5 次" in html.get_content()
    (picture,) = [part for part in letter.walk() if part.get_content_maintype() == "image"]
    assert picture["content-id"] == "<screenshot>"
    assert "cid:screenshot" in html.get_content()
    assert picture.get_content() == make_image().data


async def test_several_pictures_are_all_in_the_letter(trusted: trustme.CA) -> None:
    mailbox, images = Mailbox(), tuple(make_image(8, 8 + number) for number in range(3))
    async with (
        mail_server(mailbox, "tls", trusted) as settings,
        channel("email", **settings) as mail,
    ):
        assert await mail.send(make_delivery(images=images)) == Delivered()
    (letter,) = mailbox.letters
    pictures = [part for part in letter.walk() if part.get_content_maintype() == "image"]
    assert [part.get_content() for part in pictures] == [one.data for one in images]
    html = letter.get_body(("html",))
    assert html is not None
    for part in pictures:
        assert f"cid:{part['content-id'].strip('<>')}" in html.get_content()


@pytest.mark.parametrize("text", ["a\n.\n..\n.b\n.", "第一\n.\n.二", "a\r.\rb\x0b.\x0c.\u2028."])
async def test_no_line_of_dots_ends_a_letter(text: str, trusted: trustme.CA) -> None:
    mailbox = Mailbox()
    async with (
        mail_server(mailbox, "tls", trusted) as settings,
        channel("email", **settings) as mail,
    ):
        assert await mail.send(make_delivery(text, image=make_image())) == Delivered()
    (letter,) = mailbox.letters
    plain = letter.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines() == text.splitlines()
    (picture,) = [part for part in letter.walk() if part.get_content_maintype() == "image"]
    assert picture.get_content() == make_image().data


async def test_what_is_written_stays_text_in_html_and_in_the_subject(trusted: trustme.CA) -> None:
    mailbox = Mailbox()
    async with (
        mail_server(mailbox, "tls", trusted) as settings,
        channel("email", **settings) as mail,
    ):
        delivery = make_delivery("<script>alert(1)</script>\r\nBcc: x@example.com")
        assert await mail.send(delivery) == Delivered()
    (letter,) = mailbox.letters
    html = letter.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert letter["bcc"] is None


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_that_does_not_verify_is_refused(
    security: str, authority: trustme.CA
) -> None:
    mailbox = Mailbox()
    outcome = await send(mailbox, security, authority)
    assert isinstance(outcome, NotSent)
    assert "证书" in outcome.reason
    assert not mailbox.letters
    assert await send(mailbox, security, authority, verify=False) == Delivered()


async def test_a_wrong_password_says_what_to_mend(trusted: trustme.CA) -> None:
    outcome = await send(Mailbox(), "tls", trusted, password="another-passw0rd")
    assert isinstance(outcome, Rejected)
    assert "授权码" in outcome.reason
    assert "another-passw0rd" not in outcome.reason


@pytest.mark.parametrize(
    ("what", "said", "expected"),
    [
        ("data_answer", "451 later", NotSent), ("data_answer", "554 spam", Rejected),
        ("data_answer", "drop", Unknown), ("receiver_answer", "450 greylisted", NotSent),
        ("receiver_answer", "550 no such user", Rejected),
        ("receiver_answer", "550 Sender frequency limited", NotSent),
        ("data_answer", "550 Ip frequency limited. http://service.mail.qq.com/", NotSent),
        ("data_answer", "550 Mail content denied", Rejected),
    ],
)  # fmt: skip
async def test_each_answer_of_the_server(
    what: str, said: str, expected: type, trusted: trustme.CA
) -> None:
    mailbox = Mailbox()
    setattr(mailbox, what, said)
    assert isinstance(await send(mailbox, "tls", trusted), expected)


async def test_a_login_that_may_only_be_too_often_is_tried_again_later_and_says_both(
    trusted: trustme.CA,
) -> None:
    """As QQ mail refuses a wrong password and too many logins alike."""
    busy = AuthResult(
        success=False,
        handled=False,
        message="535 Login fail. Account is abnormal, service is not open, password is incorrect,"
        " login frequency limited, or system is busy.",
    )
    mailbox = Mailbox()
    async with (
        mail_server(mailbox, "tls", trusted, lambda *_: busy) as settings,
        channel("email", **settings) as mail,
    ):
        outcome = await mail.send(make_delivery())
    assert isinstance(outcome, NotSent)
    assert outcome.answered, "should it be the password, trying for ever would not help"
    assert outcome.retry_after
    assert "授权码" in outcome.reason
    assert "频繁" in outcome.reason


async def test_a_repeat_has_the_same_message_id_and_another_letter_another(
    trusted: trustme.CA,
) -> None:
    mailbox = Mailbox()
    async with (
        mail_server(mailbox, "tls", trusted) as settings,
        channel("email", **settings) as mail,
    ):
        for number in (1, 1, 2):
            assert await mail.send(make_delivery(number=number)) == Delivered()
    first, repeat, other = (letter["message-id"] for letter in mailbox.letters)
    assert first == repeat != other


async def test_nobody_there_is_not_sent() -> None:
    async with channel("email", **SERVICE.settings(""), port=free_port()) as mail:
        outcome = await mail.send(make_delivery())
    assert isinstance(outcome, NotSent)
    assert not outcome.answered


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"to": ["nobody"]}, "to：应为邮箱地址"),
        ({"password": None}, "username 和 password 要一起填"),
        ({"username": None, "password": None}, "sender 没有填写"),
    ],
)
def test_a_mistake_is_named(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load({"type": "email", **SERVICE.settings(""), **wrong})


def test_a_setting_of_a_few_words_names_them() -> None:
    with pytest.raises(ConfigError, match="security：应为 'tls'、'starttls'、'plain' 之一"):
        load({"type": "email", **SERVICE.settings(""), "security": "ssl"})
