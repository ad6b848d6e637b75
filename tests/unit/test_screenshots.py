"""Pictures in the fields of a body."""

from nonebot_plugin_report.sources.parse import parse
from tests.dialects import jpeg


def test_a_file_of_a_form_is_shown_in_whichever_field_it_comes() -> None:
    for name in ("image", "images", "screenshot"):
        (picture,) = parse({"content": "前门有人", name: jpeg()}).images
        assert picture.data == jpeg()
