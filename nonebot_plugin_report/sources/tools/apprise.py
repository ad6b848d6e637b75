"""Apprise's custom notifications, json://, form:// and xml://. Pure.

https://github.com/caronc/apprise (apprise/plugins/custom_json.py, custom_form.py): {version, title,
message, type}. In JSON, `attachments` has files as base64; a form has them as files.
"""

from collections.abc import Iterator
from typing import Final

from ..base import Fields, Headers, Source, Translated, lines, records, text

_RESULTS: Final[dict[str, int | None]] = {"info": None, "success": 0, "warning": 2, "failure": 1}
"""By `type`. Whoever says nothing else has `info`."""


def _recognise(fields: Fields, headers: Headers) -> bool:
    written = {"version", "message", "type"} <= fields.keys()
    return written and text(fields, "type") in _RESULTS


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    attached = list(_attached(fields))
    pictures = [encoded for is_picture, _, encoded in attached if is_picture]
    files = (f"[文件 {name}]" for is_picture, name, _ in attached if not is_picture)
    said = lines(text(fields, "message"), *files)
    if not (said or pictures or text(fields, "title")):
        return None
    told: dict[str, object] = {
        "title": fields.get("title"),
        "message": said,
        "result": _RESULTS.get(text(fields, "type")),
        "screenshots": pictures,
    }
    return Translated(told)


def _attached(fields: Fields) -> Iterator[tuple[bool, str, str]]:
    """Each file: whether it is a picture, its name, and its content in base64."""
    for one in records(fields, "attachments"):
        kind = text(one, "mimetype")
        yield kind.startswith("image/"), text(one, "filename") or kind, text(one, "base64")


SOURCE: Final = Source("Apprise", frozenset({"version"}), _recognise, _translate)
