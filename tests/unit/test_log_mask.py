"""The web server's log has no token in it, wherever in an address it stands."""

import logging
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.web.credentials import HEADER_IN_QUERY, KEY_NAMES, KEY_PATHS, QUERY_NAMES
from nonebot_plugin_report.web.log_mask import BOUND_LENGTH, MAX_HASHED, MAX_SHOWN, TokenMask

TOKEN = "令牌+a/b=c"
BOUND = "Abc_def-0123456789abcdef"
assert len(BOUND) == BOUND_LENGTH
MASK = TokenMask("/report", ["short", TOKEN, f"{TOKEN}-longer"], lambda piece: piece == BOUND)


def hexed(text: str) -> str:
    """Every byte percent-encoded."""
    return "".join(f"%{byte:02x}" for byte in text.encode())


@pytest.mark.parametrize("name", ["token", "Token", "access_token"])
def test_what_follows_token_is_masked_right_or_wrong(name: str) -> None:
    masked = MASK.mask(f"/report?{name}=guessed&send_to=1")
    assert masked == f"/report?{name}=***&send_to=1"


@pytest.mark.parametrize("spell", [str, quote, hexed, lambda text: quote(quote(text))])
@pytest.mark.parametrize("where", ["/report/{}", "/{}/report", "/report?x={}", "/report;{}"])
@pytest.mark.parametrize("token", [TOKEN, BOUND, f"{TOKEN}-longer"])
def test_a_token_that_is_known_is_masked_at_any_place(
    token: str, where: str, spell: Callable[[str], str]
) -> None:
    masked = MASK.mask(where.format(spell(token)))
    assert "***" in masked
    assert spell(token) not in masked
    assert "longer" not in masked, "the longest token goes first"


def encoded(text: str, *, safe: bool, padded: bool) -> str:
    """Base64, of either alphabet."""
    content = (urlsafe_b64encode if safe else b64encode)(text.encode()).decode()
    return content if padded else content.rstrip("=")


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("safe", [True, False])
@pytest.mark.parametrize("words", ["{}", "Bearer {}", "user:{}", "Basic ={}"])
@pytest.mark.parametrize("where", ["/report/ntfy/x?auth={}", "/report?x={}&y=1", "/report/{}"])
@pytest.mark.parametrize("token", [TOKEN, BOUND])
def test_a_token_in_base64_is_masked_as_a_door_would_read_it(
    token: str, where: str, words: str, *, safe: bool, padded: bool
) -> None:
    inner = encoded(f"u:{token}", safe=safe, padded=padded) if "=" in words else token
    text = encoded(words.replace("=", "").format(inner), safe=safe, padded=padded)
    for url in (where.format(text), where.format(quote(text, safe=""))):
        masked = MASK.mask(url)
        assert "***" in masked
        assert text.rstrip("=") not in masked


def test_the_mask_looks_at_every_place_where_a_door_reads_a_token() -> None:
    for name in (*QUERY_NAMES, *KEY_NAMES, HEADER_IN_QUERY):
        assert MASK.mask(f"/report?a=1&{name}=guess&b=2") == f"/report?a=1&{name}=***&b=2"
    for path in KEY_PATHS:
        assert MASK.mask(f"/report{path}guess?a=1") == f"/report{path}***?a=1"


def test_the_work_for_one_line_is_bounded() -> None:
    hashed: list[str] = []

    def is_token(piece: str) -> bool:
        hashed.append(piece)
        return False

    mask = TokenMask("/report", ["short"], is_token)
    for filling in ("ab", "a" * 24 + ".", "%2561", b64encode(b"YWJj" * 50).decode(), "-_/"):
        for words in ("/report?", "/other/"):
            hashed.clear()
            mask.mask(words + filling * (60_000 // len(filling)))
            assert len(hashed) <= MAX_HASHED


def test_a_bound_users_token_is_found_within_a_longer_run() -> None:
    masked = MASK.mask(f"/reportx{BOUND}y")
    assert BOUND not in masked


def test_a_long_address_is_cut_and_no_half_of_a_token_is_left_at_the_cut() -> None:
    for at in range(MAX_SHOWN - BOUND_LENGTH - 2, MAX_SHOWN + 2):
        for token in (TOKEN, BOUND):
            url = "/report?".ljust(at, "a") + "&" + token + "&" + "z" * 100
            masked = MASK.mask(url)
            assert len(masked) <= MAX_SHOWN + 1
            assert masked.endswith("…")
            assert token[:4] not in masked


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_an_address_without_a_token_stays_as_it_is(path: str) -> None:
    url = f"/report?x={quote(path)}"
    if "short" not in path and "token=" not in path.lower():
        assert MASK.mask(url) == url


def requested(url: str, status: int) -> logging.LogRecord:
    """A line of the web server's."""
    return logging.LogRecord(
        "uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d',
        ("1.2.3.4:5", "POST", url, "1.1", status), None,
    )  # fmt: skip


def test_a_line_of_the_log_keeps_all_else() -> None:
    record = requested("/report?token=guessed", 403)
    assert MASK.filter(record)
    assert record.getMessage() == '1.2.3.4:5 - "POST /report?token=*** HTTP/1.1" 403'


@pytest.mark.parametrize("url", ["/report", "/report?token=x", "/report/health"])
def test_what_is_answered_well_is_not_told_twice(url: str) -> None:
    assert not MASK.filter(requested(url, 200))


def test_other_routes_are_none_of_ours() -> None:
    assert MASK.filter(requested("/reports", 200))
    assert MASK.filter(requested("/other/report", 200))


def test_a_line_of_other_kinds_is_let_through() -> None:
    record = logging.LogRecord("uvicorn.error", logging.INFO, "", 0, "%(a)s", ({"a": "/x"},), None)
    assert MASK.filter(record)
    assert record.getMessage() == "/x"


def test_it_watches_the_web_servers_loggers() -> None:
    mask = TokenMask("/report", ["s3cret"], lambda _: False)
    mask.install()
    try:
        for name in ("uvicorn.access", "uvicorn.error"):
            assert mask in logging.getLogger(name).filters
    finally:
        for name in ("uvicorn.access", "uvicorn.error"):
            logging.getLogger(name).removeFilter(mask)
