"""Pictures in the fields of a body."""

from nonebot_plugin_report.sources.parse import parse
from nonebot_plugin_report.sources.screenshots import read_pictures
from tests.dialects import jpeg


def test_a_file_of_a_form_is_shown_in_whichever_field_it_comes() -> None:
    for name in ("image", "images", "screenshot"):
        (picture,) = parse({"content": "前门有人", name: jpeg()}).images
        assert picture.data == jpeg()


def test_words_where_a_picture_should_be_cost_no_text() -> None:
    pictures, fault, _ = read_pictures({"screenshot": "五星圣遗物"})
    assert pictures == ()
    assert fault == "不是 base64 字符串"
