"""No piece of a secret that is long enough to be of use is left in what a service says."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.senders import load
from nonebot_plugin_report.senders.outcomes import short_reason
from nonebot_plugin_report.senders.redact import MAX_DEPTH, SHORTEST, Redactor

KEY = "b5b1c2f3-aaaa-bbbb-cccc-0123456789ab"
HOOK = f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}"
SECRET = "s1gn/secret+of=mine"


def redactor() -> Redactor:
    return Redactor(load({"type": "feishu", "webhook": HOOK, "secret": SECRET}))


def leaks(text: str, secret: str) -> bool:
    return any(secret[at : at + SHORTEST] in text for at in range(len(secret) - SHORTEST + 1))


@pytest.mark.parametrize("before", range(70, 125))
@pytest.mark.parametrize("secret", [KEY, SECRET])
def test_wherever_the_words_are_cut(secret: str, before: int) -> None:
    words = "x" * before + secret + " is wrong"
    assert not leaks(short_reason(redactor().mask_pieces(words)), secret)


@given(st.integers(0, 36), st.integers(0, 36), st.text(max_size=20))
def test_a_service_that_cut_the_key_itself(start: int, end: int, around: str) -> None:
    assert not leaks(redactor().mask_pieces(f"{around}{KEY[start:end]}{around}"), KEY)


def test_keys_are_known_again_as_addresses_spell_them() -> None:
    masked = redactor().mask_pieces("key s1gn%2Fsecret%2Bof%3Dmine")
    assert masked == "key ***"


def test_other_words_stay_as_they_are() -> None:
    words = "webhook hook open-apis feishu 被拒绝（19024）：Key Words Not Found"
    assert redactor().mask_pieces(words) == words


def test_our_own_words_lose_whole_secrets_only() -> None:
    assert redactor().mask(f"没有填 app_secret（{SECRET}）") == "没有填 app_secret（***）"


def test_an_answer_is_masked_wherever_it_has_words() -> None:
    answer = {"code": 0, "msg": f"no {KEY}", "data": [{"detail": SECRET}, None, True, 1.5]}
    assert redactor().answer(answer) == {
        "code": 0, "msg": "no ***", "data": [{"detail": "***"}, None, True, 1.5],
    }  # fmt: skip


def test_an_answer_without_an_end_in_depth_or_length_is_cut() -> None:
    deep: object = orjson.loads(b"[" * 900 + b"]" * 900)
    masked = redactor().answer(deep)
    for _ in range(MAX_DEPTH):
        (masked,) = masked
    assert masked is None
    assert len(redactor().answer("x" * 100_000)) < 10_000
