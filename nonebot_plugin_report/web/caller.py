"""Identifies callers: token, address, and whether a web page sent the request."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from itertools import chain
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from ..access.gate import Gate, source_of
from ..errors import Forbidden
from ..model.grant import MASTER, Grant
from ..sources.tools.github import SIGNATURE
from .body_token import TokenSearch, find_tokens
from .credentials import TOKEN, Credential, read_credentials
from .head import headers_of, query_of

MAX_FORWARDED: Final = 1024
"""Characters read of `X-Forwarded-For`, from its end."""
MAX_SIGNATURE: Final = 100
"""Characters read of a signature."""

Networks = Sequence[IPv4Network | IPv6Network]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, as far as is known before its body is read."""

    address: str
    token: str | None
    """The right token beside the body."""
    grant: Grant | None
    """Its grant; None: the token must be in the body."""
    has_wrong: bool = False
    """Something stood beside the body that may have been meant as a token, and is none."""


class Callers:
    """Identifies callers and admits or refuses them."""

    def __init__(self, gate: Gate, proxies: Networks, public_url: str) -> None:
        """Take what callers are judged by.

        Args:
            gate: knows the tokens.
            proxies: whose `X-Forwarded-For` is believed.
            public_url: the bot's address on the network, from the settings; may be empty.
        """
        self._gate = gate
        self._proxies = proxies
        self._public_host = urlsplit(public_url).hostname or ""

    @property
    def open(self) -> bool:
        """Whether anybody may push."""
        return self._gate.open

    def identify(
        self, connection: HTTPConnection, path_tokens: Iterable[Credential] = ()
    ) -> Caller:
        """Identify a caller by everything except the body.

        Args:
            connection: the request.
            path_tokens: what may be a token in the path, where the door has one there.

        Raises:
            Forbidden: the token is wrong, or a web page asks and no token is set.
            TooManyAttempts: there were too many wrong ones.
        """
        address = self.address(connection)
        if self._gate.open:
            refuse_web_pages(connection, self._public_host)
            return Caller(address, query_of(connection).get(TOKEN), MASTER)
        is_explicit, has_wrong = False, False
        for credential in chain(path_tokens, read_credentials(connection)):
            if (grant := self._gate.find(credential.token)) is not None:
                return Caller(address, credential.token, grant)
            is_explicit, has_wrong = is_explicit or credential.is_explicit, True
        caller = Caller(address, None, None, has_wrong)
        if is_explicit:
            raise self._gate.wrong(address)
        return caller

    def require(self, caller: Caller) -> Grant:
        """The grant of a caller whose token can only be beside the body.

        Raises:
            Forbidden: the token is missing or wrong.
            TooManyAttempts: there were too many wrong ones.
        """
        if caller.grant is not None:
            return caller.grant
        return self.admit(None, caller)

    def address(self, connection: HTTPConnection) -> str:
        """The client's address."""
        return client_address(connection, self._proxies)

    def renew(self, caller: Caller) -> Grant | None:
        """The grant of a caller's token beside the body as it is now: it may have been revoked.
        None: it must be in the body."""
        if caller.token is None and not self._gate.open:
            return None
        return self._gate.admit(caller.token, caller.address)

    def finder(self, caller: Caller, *, is_signed: bool = False) -> "BodyTokens":
        """The search for a token in the body of a stranger."""
        return BodyTokens(self._gate, caller, is_signed=is_signed)

    async def admit_content(self, content: bytes, caller: Caller) -> tuple[str, Grant]:
        """The token that stands in a whole body, and its grant; nothing is read as JSON.

        Raises:
            Forbidden: the token is missing or wrong.
            TooManyAttempts: there were too many wrong ones.
        """
        tokens = await asyncio.to_thread(find_tokens, content)
        for token in tokens:
            if (grant := self._gate.find(token)) is not None:
                return token, grant
        return "", self.admit(tokens[0] if tokens else None, caller)

    def admit(self, token: str | None, caller: Caller) -> Grant:
        """The grant of the token in the body.

        Raises:
            Forbidden: the token is missing or wrong.
            TooManyAttempts: there were too many wrong ones.
        """
        if not token and caller.has_wrong:
            raise self._gate.wrong(caller.address)
        return self._gate.admit(token, caller.address)

    def signature(self, connection: HTTPConnection) -> str:
        """The body's signature, which stands for a token; empty: there is none, or none counts."""
        return "" if self._gate.open else headers_of(connection).get(SIGNATURE, "")[:MAX_SIGNATURE]

    def signer(
        self, content: bytes | bytearray, *, signature: str, token: str | None
    ) -> str | None:
        """The token by which a body is signed; None: it is wrong. `token` is a right one."""
        return self._gate.signer(content, signature, token)

    def wrong(self, address: str, reason: str) -> Forbidden:
        """Count an attempt with a wrong secret; return the error to raise.

        Raises:
            TooManyAttempts: there were too many.
        """
        return self._gate.wrong(address, reason)

    def wrong_signature(self, address: str) -> Forbidden:
        """Count an attempt to sign a body; return the error to raise.

        Raises:
            TooManyAttempts: there were too many.
        """
        return self._gate.wrong(address, "签名不正确：GitHub 里的 Secret 要和令牌一模一样")

    def find(self, token: str | None) -> Grant | None:
        """The grant of a token, or None; does not count as an attempt."""
        return self._gate.find(token) if token else None

    def knows(self, token: str) -> bool:
        """Whether a token is valid; all are if none is set."""
        return self._gate.open or self._gate.find(token) is not None


class BodyTokens:
    """The search for a token in the body of a stranger, while it arrives."""

    def __init__(self, gate: Gate, caller: Caller, *, is_signed: bool) -> None:
        """With `is_signed` a signature stands for the token, which only a whole body shows."""
        self._gate = gate
        self._caller = caller
        self._is_signed = is_signed
        self._search = TokenSearch()
        self.grant: Grant | None = None
        """The grant of the token that was found; None: there was none so far."""

    @property
    def source(self) -> str:
        """By which strangers are told apart: an address."""
        return source_of(self._caller.address)

    def feed(self, piece: bytes) -> Grant | None:
        """Look at the next bytes; return the grant of a token that is right."""
        return None if self._is_signed else self._admit(self._search.feed(piece))

    def finish(self) -> None:
        """End the search.

        Raises:
            Forbidden: there was no token, or a wrong one.
            TooManyAttempts: there were too many wrong ones.
        """
        if self._is_signed or self._admit(self._search.feed(b"", is_last=True)):
            return
        if self._search.tokens or self._caller.has_wrong:
            raise self._gate.wrong(self._caller.address)
        self._gate.admit(None, self._caller.address)

    def _admit(self, tokens: list[str]) -> Grant | None:
        self.grant = self.grant or next(filter(None, map(self._gate.find, tokens)), None)
        return self.grant


def client_address(connection: HTTPConnection, proxies: Networks) -> str:
    """The client's address. What `X-Forwarded-For` says counts where a trusted proxy wrote it; each
    proxy appends whom it heard from, so it is read from the end.

    Under a bot that was not started by us, uvicorn has already done so for proxies of this machine,
    unless it was told not to (`proxy_headers`).
    """
    client: tuple[str, int] | None = connection.scope.get("client")
    address = client[0] if client else "unknown"
    if not proxies:
        return address
    forwarded = ",".join(connection.headers.getlist("x-forwarded-for"))[-MAX_FORWARDED:]
    hops = forwarded.split(",")
    while hops and _is_within(address, proxies):
        hop = hops.pop().strip()
        if not _is_address(hop):
            break
        address = hop
    return address


def refuse_web_pages(connection: HTTPConnection, public_host: str) -> None:
    """Without a token, refuse requests that a web page in the user's browser may have made.

    A page's own origin gives it away, and so does the name by which it reached this machine: a
    name of its own that was made to resolve here (DNS rebinding).

    Raises:
        Forbidden: with what to do about it.
    """
    headers = connection.headers
    host = headers.get("host", "")
    if host and not is_our_name(host, public_host):
        raise Forbidden(
            "没有设置 REPORT_TOKEN 时，网址里的主机只能是 IP 地址或 localhost；"
            "请设置 REPORT_TOKEN，或把这个网址写进 REPORT_PUBLIC_URL"
        )
    origin = headers.get("origin")
    if headers.get("sec-fetch-site") == "cross-site" or (
        origin is not None and not _is_own_page(origin, host)
    ):
        raise Forbidden("没有设置 REPORT_TOKEN 时，不接受网页发来的请求")


def refuse_prefetching(connection: HTTPConnection) -> None:
    """Refuse to push for a browser that only prepares for a page that its user may open, and for
    whatever only looks at an address (HEAD; RFC 9110, section 9.3.2).

    Raises:
        Forbidden: it is no push.
    """
    if connection.scope.get("method") == "HEAD":
        raise Forbidden("HEAD 不推送；请用 POST 或 GET")
    for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"):
        if connection.headers.get(name, "").lower().startswith(("prefetch", "preview")):
            raise Forbidden("浏览器的预取不算推送")


def is_our_name(host: str, public_host: str) -> bool:
    """Whether a Host is one that nobody else can have made to resolve to this machine: an address,
    localhost, or the one of REPORT_PUBLIC_URL."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in ("localhost", public_host) or _is_address(name)


def _is_own_page(origin: str, host: str) -> bool:
    """Whether an Origin is this server's own. A name other than localhost is never believed: it
    could be an attacker's that was made to resolve to this machine (DNS rebinding)."""
    try:
        page = urlsplit(origin)
        name = page.hostname or ""
        own = page.netloc == host
    except ValueError:
        return False
    return own and (name == "localhost" or _is_address(name))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_within(address: str, networks: Networks) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if parsed.version == 6 and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)
