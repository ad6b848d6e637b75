"""Fits a message into QQ's limits, and encodes it as OneBot 11's segments."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ...model.delivery import Delivery
from ...model.image import Image
from ...model.mention import ALL
from ...model.message import Message
from ..fit import CUT, fit_image
from ..mention import mentioned
from .chat_history import Appearance, normalize
from .shapes import NO_PICTURES, PLAIN_AFTER, TEXT_ONLY, WHOLE, Shape

MAX_TEXT: Final = 4000
"""Characters. QQ refuses messages somewhat longer than this; the limit is not documented."""
FORWARD_FROM: Final = 500
"""Characters from which a merged message is sent as a forward message, which QQ folds."""
# NapNeko/NapCatQQ and ncatbot/NcatBot#39: QQ refuses a picture from about 5 MB on ("rich media
# transfer failed"), and the upload of one has 10 seconds and one more for each 256 KiB.
MAX_PICTURE: Final = 5 * 2**20
"""Bytes of one picture, beyond which a smaller JPEG is made, unless the settings say otherwise."""
PICTURE_FORMATS: Final = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp")
MAX_PICTURES: Final = 8 * 2**20
"""Bytes of all pictures of a message together; a single one may be larger."""
LARGE: Final = 2**20
"""Bytes of pictures from which base64 is made in a thread."""
ANSWER_SECONDS: Final = 30.0
"""How long an implementation may take to send a text: the adapter's default."""


async def with_small_pictures(message: Message, max_picture: int | None) -> tuple[Message, str]:
    """Shrink a message's pictures to `max_picture` bytes each.

    Returns the message with a note, which is empty if nothing was shrunk. Animated and broken
    pictures stay as they are.
    """
    smaller: dict[Image, Image] = {}
    note = ""
    for image in message.images:
        if max_picture is None or len(image.data) <= max_picture:
            continue
        fitted, done = await fit_image(
            image, max_bytes=max_picture, formats=PICTURE_FORMATS, still=True
        )
        if fitted is not None and fitted is not image:
            smaller[image], note = fitted, done
    return _with_instead(message, smaller) if smaller else message, note


def _with_instead(message: Message, instead: Mapping[Image, Image]) -> Message:
    images = tuple(instead.get(one, one) for one in message.images)
    parts = tuple(_with_instead(part, instead) for part in message.parts)
    return replace(message, images=images, parts=parts)


def fit_message(message: Message, shape: Shape = WHOLE) -> tuple[Message, str]:
    """Fit a message into QQ's limits. Returns it with a note of the parts left out."""
    return _within(*_with_pictures(message), shape)


def _within(message: Message, note: str, shape: Shape) -> tuple[Message, str]:
    """Fit the text, and drop what its shape has not."""
    text, images = message.text, message.images
    if images and text and not shape.pictures:
        images, note = (), shape.why
        text = f"{text}\n[{note}]"
    if len(text) > MAX_TEXT:
        text, note = cut(text), note or CUT
    parts = message.parts if shape.folded and images == message.images else ()
    if (text, images, parts) == (message.text, message.images, message.parts):
        return message, note
    return replace(message, text=text, images=images, parts=parts), note


_SHAPES: Final = (WHOLE, *(Shape(pictures=False, why=why) for why in (TEXT_ONLY, NO_PICTURES)))
"""All that make a difference to the text."""


def appearance_of(delivery: Delivery) -> Appearance:
    """Predict how a history shows a delivery's message, whichever attempt arrived."""
    message = delivery.message
    # How many pictures went along depends on how small they could be made.
    beginnings = [message.images[: number + 1] for number in range(len(message.images))]
    variants = [_with_images(message, one) for one in beginnings] or [(message, "")]
    texts = frozenset(
        normalize(_within(*one, shape)[0].text) for one in variants for shape in _SHAPES
    )
    folded = bool(message.parts) and len(message.text) >= FORWARD_FROM
    return Appearance(texts, message.image is not None, folded)


def _with_pictures(message: Message) -> tuple[Message, str]:
    """Keep as many pictures as may be sent at once, and note the number of the others."""
    chosen: list[Image] = []
    room = MAX_PICTURES
    for image in message.images:
        if not chosen or len(image.data) <= room:
            chosen.append(image)
            room -= len(image.data)
    return _with_images(message, chosen)


def _with_images(message: Message, chosen: Sequence[Image]) -> tuple[Message, str]:
    """Keep the chosen pictures. Returns the message with a note of the others."""
    if len(chosen) == len(message.images):
        return message, ""
    note = f"{len(message.images) - len(chosen)} 张截图太大，没有一起发送"
    parts = tuple(_with_only(part, chosen) for part in message.parts)
    text = f"{message.text}\n[{note}]"
    return replace(message, text=text, images=tuple(chosen), parts=parts), note


def _with_only(part: Message, chosen: Sequence[Image]) -> Message:
    """Keep the chosen pictures in a part of a merged message."""
    images = tuple(image for image in part.images if image in chosen)
    lost = len(images) < len(part.images)
    return replace(part, images=images, text=part.text or "[截图]") if lost else part


def cut(text: str) -> str:
    """Cut a text to QQ's limit."""
    if len(text) <= MAX_TEXT:
        return text
    mark = f"…\n[内容过长，共 {len(text)} 字，只显示开头]"
    return text[: MAX_TEXT - len(mark)] + mark


def is_large(message: Message) -> bool:
    """Return whether encoding the pictures would hold up the event loop."""
    return sum([len(image.data) for image in message.images]) >= LARGE


async def encode_v11(message: Message) -> list[dict[str, Any]]:
    """Encode a message as OneBot 11's segments, in a thread if it is large."""
    if not is_large(message):
        return segments_v11(message)
    return await asyncio.to_thread(segments_v11, message)


def segments_v11(message: Message) -> list[dict[str, Any]]:
    """Encode a message as OneBot 11's segments ("消息段类型": text, image)."""
    segments: list[dict[str, Any]] = []
    if message.text:
        segments.append({"type": "text", "data": {"text": message.text}})
    for image in message.images:
        segments.append({"type": "image", "data": {"file": image.base64}})
    return segments


def read_message_id(answer: object) -> str:
    """Read the id of a message that was sent; empty: there is none.

    OneBot 11, "公开 API", and OneBot 12, "接口/消息动作": message_id. Some give 0 or nothing.
    """
    match answer:
        case {"message_id": int() | str() as message_id} if message_id:
            return str(message_id)
        case _:
            return ""


def is_folded(message: Message, people: Sequence[str]) -> bool:
    """Return whether a message goes as a forward message, in which nobody can be mentioned."""
    return bool(message.parts) and len(message.text) >= FORWARD_FROM and not people


def people_to_mention(delivery: Delivery) -> tuple[str, ...]:
    """Choose whom a delivery mentions. QQ may refuse a mention for its own reasons: that must not
    cost the text, so later attempts go without."""
    if delivery.lane.target.kind != "group" or delivery.attempts >= PLAIN_AFTER:
        return ()
    return mentioned(delivery.handling.mention, delivery)


def mentions_v11(people: Sequence[str]) -> list[dict[str, Any]]:
    """Encode mentions as OneBot 11's segments ("消息段类型": at, whose qq may be `all`)."""
    mentions = [{"type": "at", "data": {"qq": one}} for one in people]
    return [*mentions, {"type": "text", "data": {"text": " "}}] if mentions else []


def mentions_v12(people: Sequence[str]) -> list[dict[str, Any]]:
    """Encode mentions as OneBot 12's segments ("消息段": mention, mention_all)."""
    mentions: list[dict[str, Any]] = [
        {"type": "mention_all", "data": {}}
        if one == ALL
        else {"type": "mention", "data": {"user_id": one}}
        for one in people
    ]
    return [*mentions, {"type": "text", "data": {"text": " "}}] if mentions else []


def answer_seconds(message: Message) -> float:
    """Compute the seconds that an implementation may take to send a message."""
    return sum(upload_seconds(image) for image in message.images) or ANSWER_SECONDS


def upload_seconds(image: Image) -> float:
    """Compute the seconds for one picture: NapCat waits for 10 seconds, and one per 256 KiB."""
    return ANSWER_SECONDS + len(image.data) / (256 * 1024)
