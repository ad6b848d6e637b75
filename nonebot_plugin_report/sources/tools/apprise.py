"""Apprise's custom notifications, json://, form:// and xml://. Pure.

https://github.com/caronc/apprise (apprise/plugins/custom_json.py, custom_form.py): {version, title,
message, type}. In JSON, `attachments` has files as base64; a form has them as files.
"""

from collections.abc import Iterator
from typing import Final

from ..base import Fields, Headers, Source, Translated, lines, records, text
from ..markup import plain

RESULTS: Final[dict[str, int | None]] = {"info": None, "success": 0, "warning": 2, "failure": 1}
"""Results by `type`; `info` is what Apprise writes by default."""


def _recognise(fields: Fields, headers: Headers) -> bool:
    written = {"version", "message", "type"} <= fields.keys()
    return written and text(fields, "type") in RESULTS


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    pictures, files = read_attachments(fields)
    message = lines(plain(text(fields, "message")), *files)
    if not (message or pictures or text(fields, "title")):
        return None
    report_fields: dict[str, object] = {
        "title": fields.get("title"),
        "message": message,
        "result": RESULTS.get(text(fields, "type")),
        "screenshots": pictures,
    }
    return Translated(report_fields)


def read_attachments(fields: Fields) -> tuple[list[object], list[str]]:
    """Read the files in JSON: pictures in base64, and what is shown of others."""
    attached = list(_attached(fields))
    pictures: list[object] = [encoded for is_picture, _, encoded in attached if is_picture]
    return pictures, [f"[文件 {name}]" for is_picture, name, _ in attached if not is_picture]


def _attached(fields: Fields) -> Iterator[tuple[bool, str, str]]:
    """Give each file: whether it is a picture, the name, and the content in base64."""
    for attachment in records(fields, "attachments"):
        kind = text(attachment, "mimetype")
        yield (
            kind.startswith("image/"),
            text(attachment, "filename") or kind,
            text(attachment, "base64"),
        )


SOURCE: Final = Source("Apprise", frozenset({"version"}), _recognise, _translate)
