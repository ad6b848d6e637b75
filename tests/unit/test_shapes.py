"""In which shape a message goes to QQ, after what was refused and what nobody confirmed."""

from dataclasses import replace

import pytest

from nonebot_plugin_report.model.delivery import (
    Delivered,
    Delivery,
    Handling,
    NotSent,
    Outcome,
    Priority,
    Unknown,
)
from nonebot_plugin_report.model.image import Image
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.senders.qq.chat_history import normalize
from nonebot_plugin_report.senders.qq.message import FORWARD_FROM, appearance_of, fit_message
from nonebot_plugin_report.senders.qq.shapes import (
    MOST,
    PICTURE_SECONDS,
    REMEMBERED_SECONDS,
    TIMEOUTS,
    URGENT_SECONDS,
    Shape,
    Shapes,
)
from tests.dialects import jpeg

GROUP = Target("group", "777")
PICTURE = Image(jpeg(), "image/jpeg", 64, 36)
PARTS = (Message("1" * FORWARD_FROM), Message("2"))
REFUSED = NotSent("rich media transfer failed", answered=True)
TIMED_OUT = Unknown("Timeout: NTEvent")


def delivery(message: Message, name: str = "a", priority: Priority = Priority.NORMAL) -> Delivery:
    return Delivery(name, "", Lane(GROUP), message, handling=Handling(priority))


PICTURED = delivery(Message("x", (PICTURE,)))
FOLDED = delivery(Message("1" * FORWARD_FROM + "\n2", parts=PARTS))


def attempt(shapes: Shapes, of: Delivery, outcome: Outcome, now: float) -> Shape:
    """Make an attempt. Returns its shape."""
    shape = shapes.choose(of, "1", now)
    shapes.note(of, "1", shape, outcome, now)
    return shape


@pytest.mark.parametrize(
    ("priority", "seconds"),
    [(Priority.NORMAL, PICTURE_SECONDS), (Priority.URGENT, URGENT_SECONDS)],
)
def test_a_picture_is_given_up_by_time_and_not_by_count(priority: Priority, seconds: float) -> None:
    shapes, pictured = Shapes(), delivery(PICTURED.message, priority=priority)
    for now in range(100, 100 + int(seconds)):
        assert attempt(shapes, pictured, REFUSED, float(now)).pictures
    last = attempt(shapes, pictured, Delivered(), 100 + seconds)
    assert not last.pictures
    message, note = fit_message(pictured.message, last)
    assert (message.text, message.images) == (f"x\n[{note}]", ())
    assert normalize(message.text) in appearance_of(pictured).texts, "it is found if it arrived"
    assert attempt(shapes, delivery(PICTURED.message, "b"), REFUSED, 300.0).pictures, "the next"


def test_a_picture_without_words_stays() -> None:
    shapes, alone = Shapes(), delivery(Message("", (PICTURE,)))
    attempt(shapes, alone, REFUSED, 0.0)
    assert attempt(shapes, alone, REFUSED, 1e6).pictures


def test_where_a_forward_message_does_not_arrive_the_plain_one_follows_and_that_is_remembered() -> (
    None
):
    shapes = Shapes()
    assert attempt(shapes, FOLDED, TIMED_OUT, 0.0).folded
    shapes.miss(FOLDED, 1.0)
    plain = attempt(shapes, FOLDED, Delivered(), 16.0)
    assert not plain.folded
    assert fit_message(FOLDED.message, plain)[0].parts == ()
    later = replace(FOLDED, id="b")
    assert not shapes.choose(later, "1", REMEMBERED_SECONDS).folded
    assert shapes.choose(later, "1", REMEMBERED_SECONDS + 1.0).folded, "a day later"
    assert shapes.choose(later, "2", 20.0).folded, "another account"


def test_what_no_history_shows_is_no_proof() -> None:
    shapes = Shapes()
    attempt(shapes, FOLDED, TIMED_OUT, 0.0)
    assert attempt(shapes, FOLDED, TIMED_OUT, 30.0).folded
    assert not shapes.choose(replace(FOLDED, attempts=2), "1", 150.0).folded, "as a last resort"


@pytest.mark.parametrize("seen", [False, True])
def test_a_chat_whose_pictures_all_end_in_a_timeout_gets_text_for_a_day(seen: bool) -> None:
    shapes = Shapes()
    for number in range(TIMEOUTS):
        assert attempt(shapes, PICTURED, TIMED_OUT, number * 30.0).pictures
        if not seen:
            shapes.miss(PICTURED, number * 30.0)
    assert not attempt(shapes, PICTURED, Delivered(), PICTURE_SECONDS).pictures
    later = delivery(PICTURED.message, "b")
    assert shapes.choose(later, "1", 86400.0).pictures is seen
    assert shapes.choose(later, "1", PICTURE_SECONDS + REMEMBERED_SECONDS).pictures


def test_pictures_that_are_refused_say_nothing_of_their_chat() -> None:
    shapes = Shapes()
    for now, outcome in ((0.0, TIMED_OUT), (30.0, TIMED_OUT), (60.0, REFUSED)):
        attempt(shapes, PICTURED, outcome, now)
        shapes.miss(PICTURED, now)
    assert not attempt(shapes, PICTURED, Delivered(), PICTURE_SECONDS).pictures
    assert shapes.choose(delivery(PICTURED.message, "b"), "1", 200.0).pictures


def test_however_many_are_refused_the_last_are_remembered() -> None:
    shapes = Shapes()
    for number in range(MOST + 1):
        attempt(shapes, delivery(PICTURED.message, str(number)), REFUSED, 0.0)
    assert shapes.choose(delivery(PICTURED.message, "0"), "1", PICTURE_SECONDS).pictures
    assert not shapes.choose(delivery(PICTURED.message, str(MOST)), "1", PICTURE_SECONDS).pictures
