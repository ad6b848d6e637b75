"""What a chat's history proves: that a message arrived, or nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.senders.qq.chat_history import Appearance, count, normalize
from tests.histories import TELLING, Said, Shape, napcat, old_napcat

ME, YOU = 10000, 10001
SENT, NOW = 1_790_000_000.0, 1_790_000_030.0
TEXT = "完成 [1/2] & <b>\n第二行"


def found(answer: object, text: str = TEXT, *, pictured: bool = False, folded: bool = False) -> Any:
    appearance = Appearance(frozenset({normalize(text)}), pictured, folded)
    return count(answer, str(ME), appearance, SENT, NOW)


@pytest.fixture(params=TELLING, ids=lambda shape: shape.__name__)
def shape(request: pytest.FixtureRequest) -> Shape:
    return request.param


def test_own_words_are_found_in_each_implementations_history(shape: Shape) -> None:
    said = [Said(YOU, "在吗", SENT), Said(ME, TEXT, SENT + 1, sequence=2)]
    assert found(shape(said)) == 1
    assert found(shape(said), "别的") == 0
    assert found(shape([])) == 0


def test_the_same_words_of_somebody_else_or_of_before_are_not(shape: Shape) -> None:
    assert found(shape([Said(YOU, TEXT, SENT)])) == 0
    assert found(shape([Said(ME, TEXT, SENT - 1)])) == 0
    assert found(shape([Said(ME, f"{TEXT}！", SENT)])) == 0


def test_each_message_counts(shape: Shape) -> None:
    assert found(shape([Said(ME, TEXT, SENT, sequence=number) for number in (1, 2, 3)])) == 3


def test_white_space_that_qq_changes_does_not_matter(shape: Shape) -> None:
    assert found(shape([Said(ME, TEXT.replace("\n", "\r\n"), SENT)]), f"{TEXT}\n") == 1


def test_words_with_a_picture_are_known_by_the_words(shape: Shape) -> None:
    assert found(shape([Said(ME, TEXT, SENT, images=2)]), pictured=True) == 1


def test_a_picture_alone_is_known_by_being_one(shape: Shape) -> None:
    said = [Said(ME, "", SENT, images=1), Said(ME, TEXT, SENT, images=1, sequence=2)]
    assert found(shape(said), "", pictured=True) == 1
    assert found(shape(said[1:]), "", pictured=True) == 0
    assert found(shape(said[:1]), TEXT, pictured=True) == 0


def test_a_folded_message_is_known_by_being_one(shape: Shape) -> None:
    said = [Said(ME, "", SENT, kinds=("forward",))]
    assert found(shape(said), folded=True) == 1
    assert found(shape(said)) == 0


def test_what_qq_failed_to_send_is_not_taken_for_sent() -> None:
    """QQ keeps it in its own history, from which NapCat reads."""
    assert found(napcat([Said(ME, TEXT, SENT, sequence=0)])) == 0
    copied = [Said(YOU, "在吗", SENT, sequence=5), Said(ME, TEXT, SENT, sequence=5)]
    assert found(napcat(copied)) == 0
    assert found(old_napcat([Said(ME, TEXT, SENT)])) == 0, "where one cannot tell them apart"


def test_a_clock_that_is_behind_proves_nothing(shape: Shape) -> None:
    said = [Said(ME, TEXT, SENT), Said(YOU, "早", NOW + 100, sequence=2)]
    assert found(shape(said)) is None


@pytest.mark.parametrize("answer", [None, "x", 1, {}, {"messages": None}, {"messages": "x"}])
def test_what_is_no_history_proves_nothing(answer: object) -> None:
    assert found(answer) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["messages", "sender", "user_id", "time", "message", "real_seq",
                             "message_seq", "message_id", "raw_message", "type", "data", "text"]),
            inner, max_size=6,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@given(anything)
def test_whatever_is_answered_it_is_read(answer: object) -> None:
    assert found({"messages": [answer]}) in (None, 0, 1)
