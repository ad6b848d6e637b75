"""A report's pictures, from the fields that tools have them in. Pure."""

import re
from collections.abc import Mapping
from typing import Final, cast

import pybase64

from ..model.image import Image, read_image

MAX_PICTURES: Final = 20
"""Most pictures of a report; further ones are left out."""
_WEB: Final = re.compile("https?://", re.IGNORECASE)
_BEFORE: Final = re.compile(r"\s*(?:data:[^,]{0,100},|base64://|base64,|base64:)\s*", re.IGNORECASE)
"""What tools write before base64: a data URL's beginning, or OneBot's."""
_URL_SAFE: Final = str.maketrans("-_", "+/")
"""The alphabet of RFC 4648 section 5, in that of section 4."""
_BLANKS: Final = "\n\r \t"
_WITHIN: Final = ("data", "base64", "content")
"""Fields in which an object has its base64."""
_HEAD: Final = 200
"""Characters that are looked at to tell whether they begin a picture."""
_MAGIC: Final = 16
_MARKS: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")


def read_pictures(fields: Mapping[str, object]) -> tuple[tuple[Image, ...], str, str]:
    """Read the pictures in a body's fields.

    A picture is a string of base64, or bytes where it came as a file.

    Returns:
        The pictures, each once; why some cannot be used, and how many were left out (both Chinese,
        empty if there are none).
    """
    values = _pictures(fields)
    if not values:
        return (), "", ""
    images: list[Image] = []
    faults: list[str] = []
    for value in values[:MAX_PICTURES]:
        try:
            images.append(_read(value))
        except ValueError as error:
            faults.append(str(error))
    fault = faults[0] if faults else ""
    if fault and len(values) > 1:
        fault = f"{fault}（{len(values)} 张里有 {len(faults)} 张）"
    more = len(values) - MAX_PICTURES
    left_out = f"截图太多，只留了前 {MAX_PICTURES} 张，少了 {more} 张" if more > 0 else ""
    return _each_once(images), fault, left_out


def _each_once(images: list[Image]) -> tuple[Image, ...]:
    """Remove duplicates. Comparing reads all bytes, so that a single picture is not compared."""
    return tuple(dict.fromkeys(images) if len(images) > 1 else images)


def _pictures(fields: Mapping[str, object]) -> list[object]:
    """List the screenshots in their own fields, else those in `image` and `images`, where other
    tools may have values of other kinds."""
    ours = [*_listed(fields.get("screenshot")), *_listed(fields.get("screenshots"))]
    if ours:
        return ours
    others = [*_listed(fields.get("image")), *_listed(fields.get("images"))]
    return [one for one in others if begins_as_picture(one)]


def _listed(value: object) -> list[object]:
    if value is None:  # as nearly always
        return []
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    return [one for one in values if one not in (None, "", b"")]


def begins_as_picture(value: object) -> bool:
    """Whether a value begins as a picture does, without reading all of it."""
    if isinstance(value, bytes):
        return True  # it came as a file
    encoded = _encoded(value)
    if not isinstance(encoded, str):
        return False
    head = "".join(_BEFORE.sub("", encoded[:_HEAD]).translate(_URL_SAFE).split())
    try:
        return pybase64.b64decode(head[:_MAGIC], validate=True).startswith(_MARKS)
    except ValueError:
        return False


def _encoded(value: object) -> object:
    """Get the base64 of a value that may be an object around it, such as `{"data": "…"}`."""
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, object]", value)
    texts = (text for name in _WITHIN if isinstance(text := fields.get(name), str))
    return next(texts, fields)


def _read(value: object) -> Image:
    """Read a picture. Raises ValueError with a short reason in Chinese."""
    value = _encoded(value)
    if isinstance(value, bytes):
        return read_image(value)
    if not isinstance(value, str):
        raise ValueError("不是 base64 字符串")
    if _WEB.match(value):
        raise ValueError("是网址，不会去下载；请写图片的 base64")
    try:
        data = pybase64.b64decode(_plain(value), validate=True)
    except ValueError:
        raise ValueError("不是 base64 字符串") from None
    return read_image(data)


def _plain(value: str) -> str:
    """Bring base64 into its plain form: no prefix, no blanks, the common alphabet, padded."""
    before = _BEFORE.match(value, 0, _HEAD)
    encoded = value[before.end() :] if before else value
    if not encoded.isascii():
        raise ValueError("not base64")
    if any(blank in encoded for blank in _BLANKS):
        encoded = "".join(encoded.split())
    if "-" in encoded or "_" in encoded:
        encoded = encoded.translate(_URL_SAFE)
    return encoded + "=" * (-len(encoded) % 4)
