"""Where a token may stand beside a body: one list, for the doors that read it there and for the log
that must not show it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pybase64
from starlette.requests import HTTPConnection

from .head import headers_of, query_of

TOKEN: Final = "token"  # noqa: S105 - a name in the query
"""The name in the query that the addresses we print have."""
QUERY_NAMES: Final = (TOKEN, "access_token")
"""Names in the query whose value is a token: ours, and OneBot 11's ("通信/鉴权")."""
KEY_NAMES: Final = ("key", "pushkey", "device_key")
"""Names in the query whose value is a token where a door of another service has it there: WeCom's
(https://developer.work.weixin.qq.com/document/path/91770), PushDeer's, Bark's."""
BODY_NAMES: Final = (TOKEN, "device_key", "pushkey")
"""Fields of a body whose value is a token: ours, Bark's, PushDeer's."""
HEADER_IN_QUERY: Final = "auth"
"""The name in the query whose value is an Authorization header in base64:
https://docs.ntfy.sh/publish/#query-param."""
KEY_HEADERS: Final = (
    "x-gotify-key", "x-gitlab-token", "x-gitee-token", "x-api-key", "x-apprise-config-id",
)  # fmt: skip
"""Headers whose value is a token: https://gotify.net/docs/pushmsg,
https://docs.gitlab.com/user/project/integrations/webhooks, what most others write, and
https://github.com/caronc/apprise (apprise/plugins/apprise_api.py)."""
BEAT_PATH: Final = "/api/push/"
KEY_PATHS: Final = (
    BEAT_PATH, "/bark/", "/bot", "/send/", "/jsend/", "/group/", "/jgroup/", "/notify/", "/hooks/",
    "/hook/", "/key/",
)  # fmt: skip
"""What stands before a token in a path, which may go on with words: Uptime Kuma's push monitors,
Bark, Telegram, Qmsg, Apprise-API, Mattermost, Feishu, IFTTT."""
MAX_CREDENTIAL: Final = 2**14
"""Characters read of a header or a field of the query; a token has a few dozen."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What may be a token."""

    token: str
    is_explicit: bool
    """It stands where only a token of ours can, so that a wrong one is refused before the body is
    read. A proxy's password, say, may stand elsewhere."""


def read_credentials(connection: HTTPConnection) -> Iterator[Credential]:
    """Read what may be a token, from each place of the list."""
    query, headers = query_of(connection), headers_of(connection)
    for name in QUERY_NAMES:
        if token := query.get(name):
            yield Credential(token, is_explicit=True)
    if header := headers.get("authorization"):
        yield from read_authorization(header)
    keys = (*map(headers.get, KEY_HEADERS), *map(query.get, KEY_NAMES))
    for token in filter(None, keys):
        yield Credential(token, is_explicit=False)
    if encoded := query.get(HEADER_IN_QUERY):
        yield from read_authorization(decode_base64(encoded))


def read_authorization(header: str) -> Iterator[Credential]:
    """Read an Authorization header: RFC 6750's Bearer; RFC 7617's Basic, whose password is the
    token, or its user where there is no password; another word; or the token alone.

    >>> [one.token for one in read_authorization("Basic dTp0b2tlbg==")]
    ['token', 'u', 'dTp0b2tlbg==']
    """
    scheme, _, value = header[:MAX_CREDENTIAL].strip().partition(" ")
    value = value.strip()
    match scheme.lower():
        case "bearer" if value:
            # Home Assistant's clients ask for three parts with dots between them, as a JWT has.
            begin, dot, _ = value.partition(".")
            if dot and begin:
                yield Credential(begin, is_explicit=False)
            yield Credential(value, is_explicit=True)
        case "bearer" | "basic" if not value:
            return
        case "basic":
            user, _, password = decode_base64(value).partition(":")
            for token in (password, user, value):
                if token:
                    yield Credential(token, is_explicit=False)
        case _ if scheme:
            yield Credential(value or scheme, is_explicit=False)
        case _:
            return


def decode_base64(text: str) -> str:
    """The text that base64 stands for, of either alphabet, padded or not; empty: it is none."""
    padded = text[:MAX_CREDENTIAL].strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        content = pybase64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except ValueError:
        return ""
    return content.decode("utf-8", "replace")
