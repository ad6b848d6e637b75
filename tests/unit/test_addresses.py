"""Addresses that are printed to be pasted."""

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.doctor.addresses import with_token


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_whatever_is_in_a_token_arrives(token: str) -> None:
    address = with_token("http://127.0.0.1:8080/report", token)
    assert address.isascii()
    assert parse_qs(urlsplit(address).query) == {"token": [token]}
