"""Who asks: by which token, from which address, and whether a web page made the browser ask."""

from base64 import b64encode, urlsafe_b64encode
from ipaddress import ip_network

import pytest
from starlette.requests import HTTPConnection

from nonebot_plugin_report.errors import Forbidden
from nonebot_plugin_report.web.body_token import MAX_CANDIDATES, PIECE, TokenSearch, find_tokens
from nonebot_plugin_report.web.caller import (
    MAX_FORWARDED,
    client_address,
    refuse_web_pages,
)
from nonebot_plugin_report.web.credentials import read_credentials


def connection(
    *, query: str = "", client: str | None = "203.0.113.9", **headers: str
) -> HTTPConnection:
    """A request as the web server hands it over; `_` in a header's name stands for `-`."""
    raw = [(name.replace("_", "-").encode(), one.encode()) for name, one in headers.items()]
    return HTTPConnection({
        "type": "http", "path": "/report", "query_string": query.encode(), "headers": raw,
        "client": None if client is None else (client, 1234),
    })  # fmt: skip


# ── whether a web page asks ───────────────────────────────────────────────────────────────────────


def refused(public_host: str = "", **headers: str) -> str:
    """Why a request is refused; empty: it is not."""
    try:
        refuse_web_pages(connection(**headers), public_host)
    except Forbidden as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "192.168.1.2", "[::1]:8080", "localhost:8080", "localhost", ""]
)
def test_a_program_that_names_this_machine_may_push(host: str) -> None:
    assert refused(host=host) == ""


def test_a_name_that_the_settings_give_this_bot_may_be_used() -> None:
    assert refused("bot.example.com", host="bot.example.com:8080") == ""
    assert "REPORT_PUBLIC_URL" in refused("bot.example.com", host="evil.example.com:8080")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example",
     "[::1", "127.0.0.1@evil.example"],
)  # fmt: skip
def test_a_name_made_to_resolve_here_is_refused_with_the_mend(host: str) -> None:
    assert "REPORT_TOKEN" in refused(host=host)
    assert "REPORT_TOKEN" in refused(host=host, origin=f"http://{host}")


@pytest.mark.parametrize(
    ("host", "origin"),
    [("127.0.0.1:8080", "http://127.0.0.1:8080"), ("localhost:8080", "http://localhost:8080"),
     ("[::1]:8080", "http://[::1]:8080")],
)  # fmt: skip
def test_our_own_page_may_ask(host: str, origin: str) -> None:
    assert refused(host=host, origin=origin) == ""
    assert refused(host=host, origin=origin, sec_fetch_site="same-origin") == ""


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://evil.example:8080", "http://127.0.0.1:9999", "null", "",
     "http://127.0.0.1:8080.evil.example", "http://[127.0.0.1:8080", "http://127.0.0.1",
     "http://localhost:8080"],
)  # fmt: skip
def test_any_other_page_is_refused(origin: str) -> None:
    assert "网页" in refused(host="127.0.0.1:8080", origin=origin)


def test_a_page_by_the_public_name_is_refused_too() -> None:
    """The name could be an attacker's whose address the settings never meant."""
    told = refused("bot.example.com", host="bot.example.com", origin="http://bot.example.com")
    assert "网页" in told


def test_a_picture_or_form_of_another_site_shows_no_origin_and_is_refused() -> None:
    assert "网页" in refused(host="127.0.0.1:8080", sec_fetch_site="cross-site")


# ── the token ─────────────────────────────────────────────────────────────────────────────────────


def basic(text: str) -> str:
    """A header of HTTP's basic authentication."""
    return "Basic " + b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("query", "headers", "tokens"),
    [
        ("token=a", {}, ["a"]),
        ("token=a", {"authorization": "Bearer b"}, ["a", "b"]),
        ("token=", {"authorization": "Bearer b"}, ["b"]),
        ("token=a%2Bb%20c", {}, ["a+b c"]),
        ("Token=a", {}, []),
        ("access_token=a", {}, ["a"]),
        ("", {"authorization": "bearer  b "}, ["b"]),
        ("", {"authorization": "Bearer "}, []),
        ("", {"authorization": "Basic"}, []),
        ("", {"authorization": ""}, []),
        ("", {"authorization": "b"}, ["b"]),
        ("", {"authorization": "Token b"}, ["b"]),
        ("", {"authorization": basic("u:b:c")}, ["b:c", "u", b64encode(b"u:b:c").decode()]),
        ("", {"authorization": basic("u:")}, ["u", b64encode(b"u:").decode()]),
        ("", {"authorization": "Basic ?"}, ["?"]),
        ("", {"authorization": "Bearer b.c.d"}, ["b", "b.c.d"]),
        ("key=a&pushkey=b&device_key=c", {}, ["a", "b", "c"]),
        ("", {"x_apprise_config_id": "b"}, ["b"]),
        ("", {"x_gitee_token": "b"}, ["b"]),
        ("", {"x_gotify_key": "b", "x_gitlab_token": "c", "x_api_key": "d"}, ["b", "c", "d"]),
        (f"auth={b64encode(b'Bearer b').decode()}", {}, ["b"]),
        (f"auth={urlsafe_b64encode('Bearer 令牌'.encode()).decode().rstrip('=')}", {}, ["令牌"]),
        (f"auth={b64encode(basic('u:b').encode()).decode()}", {}, ["b", "u", "dTpi"]),
        ("auth=?", {}, []),
    ],
)  # fmt: skip
def test_the_places_where_a_token_may_stand(
    query: str, headers: dict[str, str], tokens: list[str]
) -> None:
    asked = connection(query=query, **headers)
    assert [one.token for one in read_credentials(asked)] == tokens


PAD = b"x" * (3 * PIECE)
PART = b'--B\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
BODIES: list[tuple[bytes, list[str]]] = [
    (b'{"token": "a", "content": "x', ["a"]),
    (b'{"x": {"token":"b"}, "token" : 12}', ["b", "12"]),
    (b'{"token": "a\\"\\u0062"', ['a"b']),
    (b'{"token": "\\x"}', []),
    (b'{"token": ""}', []),
    (b'{"device_key": "a", "pushkey": "b"}', ["a", "b"]),
    (b'{"device_keys": [ "a", "b"]}', ["a"]),
    (b'{"token": ["a"]}', []),
    (b"body=x&device_key=a", ["a"]),
    (b'{"tokens": "a"}', []),
    ('{"token": "令牌"}'.encode("utf-16"), ["令牌"]),
    ('\ufeff{"token": "令牌"}'.encode(), ["令牌"]),
    (b'{"token": "a"}' * 20, ["a"]),
    (b"".join(b'{"token": "%d"}' % n for n in range(20)), [str(n) for n in range(MAX_CANDIDATES)]),
    (b'{"screenshot": "' + PAD + b'", "token": "a"}', ["a"]),
    (('{"screenshot": "' + "x" * PIECE + '", "token": "令牌"}').encode("utf-16"), ["令牌"]),
    (b"token=a%2Bb", ["a+b"]),
    (b"content=x&token=a\r\n", ["a"]),
    (b"screenshot=" + PAD + b"&token=a&content=x", ["a"]),
    (b"x&token=a", []),
    (PART % (b"token", b"a") + PART % (b"file", PAD), ["a"]),
    (PART % (b"file", PAD) + PART % (b"token", b" a ") + b"--B--", ["a"]),
]


@pytest.mark.parametrize(("body", "tokens"), BODIES)
def test_what_looks_like_a_token_in_a_body(body: bytes, tokens: list[str]) -> None:
    assert [token.strip() for token in find_tokens(body)] == tokens


@pytest.mark.parametrize("at", range(PIECE - 24, PIECE + 4))
@pytest.mark.parametrize("form", [b'{"a": "%b", "token": "abc"}', b"a=%b&token=abc&b=1"])
def test_a_token_is_found_wherever_the_pieces_of_a_body_end(form: bytes, at: int) -> None:
    body = form % (b"x" * at)
    search = TokenSearch()
    for start in range(0, len(body), 1000):
        search.feed(body[start : start + 1000])
    search.feed(b"", is_last=True)
    assert search.tokens == ["abc"]


# ── the address ───────────────────────────────────────────────────────────────────────────────────

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


def test_without_proxies_nobody_is_believed() -> None:
    asked = connection(client="10.0.0.1", x_forwarded_for="198.51.100.1")
    assert client_address(asked, []) == "10.0.0.1"
    assert client_address(connection(client=None), []) == "unknown"


@pytest.mark.parametrize(
    ("client", "said", "address"),
    [
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("fd00::1", "2001:db8::1", "2001:db8::1"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("unix", "198.51.100.1", "unix"),
        ("10.0.0.1", "10.0.0.3", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1," + "9" * MAX_FORWARDED, "10.0.0.1"),
    ],
)
def test_a_trusted_proxy_says_whom_it_heard_from(client: str, said: str, address: str) -> None:
    asked = connection(client=client, x_forwarded_for=said)
    assert client_address(asked, PROXIES) == address
