"""What goes to others does not show the player's number, whatever the picture is."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image as Pillow
from PIL import ImageChops
from pydantic import ValidationError

from nonebot_plugin_report.config import Config, explain
from nonebot_plugin_report.errors import ConfigError
from nonebot_plugin_report.hub.masking import Masking
from nonebot_plugin_report.model.delivery import Outgoing
from nonebot_plugin_report.model.grant import MASTER
from nonebot_plugin_report.model.image import Image, read_image
from nonebot_plugin_report.model.mask import Box, Mask
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.scheduling import Policy
from nonebot_plugin_report.model.target import Target
from nonebot_plugin_report.pictures.masked import masked
from nonebot_plugin_report.routing.planner import Planner
from nonebot_plugin_report.routing.template import DEFAULT_TEMPLATE

UID = Mask(("uid",))
ME, OTHER = Target("private", "10001"), Target("private", "10002")
GROUP, FRIENDS = Target("group", "777"), Target("group", "778")
PHONE = Target("channel", "phone")
SCREENS = [(1920, 1080), (2560, 1600), (3440, 1440), (1600, 1200), (3840, 2160), (1280, 720)]


def shot(width: int = 320, height: int = 180, kind: str = "JPEG", **options: Any) -> Image:
    """A light picture with a dark left half."""
    picture = Pillow.new("RGB", (width, height), "white")
    picture.paste("navy", (0, 0, width // 2, height))
    file = BytesIO()
    picture.save(file, kind, **options)
    return read_image(file.getvalue())


def read(**settings: Any) -> Config:
    try:
        return Config.model_validate(settings)
    except ValidationError as error:
        raise explain(error) from None


def opened(image: Image) -> Pillow.Image:
    return Pillow.open(BytesIO(image.data))


# ── what is covered ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("screen", SCREENS)
def test_the_number_is_covered_on_every_screen_whichever_side_the_game_scales_by(
    screen: tuple[int, int],
) -> None:
    width, height = screen
    (area,) = UID.areas(width, height)
    for scale in (width / 1920, height / 1080):
        # BetterGI, MaskWindowConfig.UidCoverRightBottomRect
        left, top = width - 235 * scale, height - 27 * scale
        assert area[0] <= left
        assert area[1] <= top
        assert left + 178 * scale <= area[2] == width
        assert top + 22 * scale <= area[3] == height
    assert (area[2] - area[0]) * (area[3] - area[1]) < 0.02 * width * height, "and little else"


def test_boxes_are_parts_of_the_picture_and_never_leave_a_pixel_at_their_edge() -> None:
    mask = Mask.read(["uid", [10, 0, 33.3, 50]])
    assert mask.areas(1000, 500)[1] == (100, 0, 433, 250)
    assert mask.areas(7, 7)[1] == (0, 0, 4, 4)
    assert Mask.read([[0, 0, 100, 100]]).areas(3, 3) == [(0, 0, 3, 3)]


@pytest.mark.parametrize("written", ["uid", "none", ["uid"], [[0, 95.5, 20, 4.5], "uid"]])
def test_what_is_written_is_read_again(written: object) -> None:
    mask = Mask.read(written)
    assert Mask.read(mask.written()) == mask


@pytest.mark.parametrize(
    "value",
    ["UID2", 7, True, None, {}, [7], [[1, 2, 3]], [[1, 2, 3, 4, 5]], [["1", 2, 3, 4]],
     [[True, 2, 3, 4]], [[-1, 0, 5, 5]], [[0, 0, 0, 5]], [[90, 0, 11, 5]], [[0, 90, 5, 11]],
     [[float("nan"), 0, 5, 5]], [[1, 1, 1, 1]] * 21, ["none", "uid"]],
)  # fmt: skip
def test_what_is_no_mask_is_told_with_an_example(value: object) -> None:
    with pytest.raises(ConfigError, match="REPORT_MASK 设置有误"):
        read(report_mask={"group:777": value})
    with pytest.raises(ConfigError, match="REPORT_RULES 设置有误：第 1 条的 mask"):
        read(report_rules=[{"mask": value}] if value is not None else [{"mask": "x"}])


def test_somebody_unknown_is_named() -> None:
    with pytest.raises(ConfigError, match="REPORT_MASK 设置有误：REPORT_CHANNELS 里没有名为 phone"):
        read(report_mask={"channel:phone": "uid"})
    with pytest.raises(ConfigError, match="REPORT_MASK 设置有误"):
        read(report_mask={"群 777": "uid"})


# ── drawing ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF"])
async def test_the_corner_is_black_and_the_rest_is_as_it_was(kind: str) -> None:
    image = shot(kind=kind)
    (made,), missing = await masked([image], UID)
    assert not missing
    assert (made.media_type, made.width, made.height) == ("image/jpeg", 320, 180)
    before, after = opened(image).convert("L"), opened(made).convert("L")
    (area,) = UID.areas(320, 180)
    assert max(after.crop(area).tobytes()) < 30
    above = (0, 0, 320, area[1] - 8)
    assert max(ImageChops.difference(before.crop(above), after.crop(above)).tobytes()) < 30


async def test_what_else_a_file_says_does_not_go_along() -> None:
    exif = Pillow.Exif()
    exif[0x010E] = "secret place"
    image = shot(exif=exif, comment=b"secret words")
    assert b"secret" in image.data
    (made,), _ = await masked([image], UID)
    assert b"secret" not in made.data


async def test_a_picture_that_is_shown_turned_is_covered_where_it_is_seen() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6  # shown a quarter turned to the right
    (made,), _ = await masked([shot(320, 180, exif=exif)], Mask((Box(0, 0, 100, 10),)))
    assert (made.width, made.height) == (180, 320)
    shown = opened(made).convert("L")
    assert max(shown.crop((0, 0, 180, 32)).tobytes()) < 30
    assert min(shown.crop((0, 180, 180, 320)).tobytes()) > 225, "its right half is white"


async def test_several_pictures_are_all_covered() -> None:
    made, missing = await masked([shot(), shot(160, 90)], UID)
    assert ([one.width for one in made], missing) == ([320, 160], [])


def animated(kind: str) -> Image:
    frames = [Pillow.new("RGB", (64, 36), colour) for colour in ("red", "blue")]
    file = BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    return read_image(file.getvalue())


def bomb() -> Image:
    """A PNG of 49 million pixels in a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 7000, 7000, 8, 2, 0, 0, 0))
    rows = zlib.compress(bytes(1000))
    end = chunk(b"IEND", b"")
    return read_image(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + end)


@pytest.mark.parametrize(
    ("image", "why"),
    [(animated("GIF"), "是动图"), (animated("WEBP"), "是动图"), (animated("PNG"), "是动图"),
     (bomb(), "太大"), (Image(shot().data[:300], "image/jpeg", 320, 180), "已损坏")],
)  # fmt: skip
async def test_what_cannot_be_drawn_on_does_not_go_out_and_that_is_told(
    image: Image, why: str
) -> None:
    made, missing = await masked([image, shot()], UID)
    assert len(made) == 1
    assert missing == [f"截图{why}，遮不住，没有发出"]


# ── who sees what ─────────────────────────────────────────────────────────────────────────────────


async def planned(report: Report, **settings: Any) -> dict[str, Outgoing]:
    """What becomes of a report, by target."""
    config = read(report_channels={"phone": {"type": "bark", "device_key": "x"}}, **settings)
    directory = config.directory(["10001"])
    planner = Planner(directory, DEFAULT_TEMPLATE, lambda _: Policy())
    outgoing = await Masking().outgoing(planner.plan(report, MASTER, 0.0))
    return {str(one.target): one for one in outgoing}


ALL = Report(
    content="x", images=(shot(),), send_to=("10001", "10002"), send_to_group=("777", "778"),
    channel=("phone",),
)  # fmt: skip


async def seen_whole(report: Report = ALL, **settings: Any) -> set[str]:
    """Who sees the pictures as they were sent."""
    found = await planned(report, **settings)
    return {name for name, one in found.items() if one.message.images == report.images}


EVERYBODY = {str(one) for one in (ME, OTHER, GROUP, FRIENDS, PHONE)}


@pytest.mark.parametrize(
    ("mask", "whole"),
    [
        ({}, EVERYBODY),
        ("uid", {"private:10001"}),
        ([[0, 90, 20, 10]], {"private:10001"}),
        ({"group:*": "uid"}, EVERYBODY - {"group:777", "group:778"}),
        ({"group:777": "uid"}, EVERYBODY - {"group:777"}),
        ({"*": "uid", "group:777": "none"}, {"private:10001", "group:777"}),
        ({"*": "uid", "private:*": "none"}, {"private:10001", "private:10002"}),
        ({"superusers": "uid"}, EVERYBODY - {"private:10001"}),
        ({"us": "uid"}, EVERYBODY - {"group:778", "channel:phone"}),
    ],
)
async def test_others_see_it_covered_and_superusers_see_all_of_it(
    mask: object, whole: set[str]
) -> None:
    aliases = {"us": ["group:778", "channel:phone"]}
    assert await seen_whole(report_mask=mask, report_aliases=aliases) == whole


async def test_a_rule_says_it_of_its_targets_and_wins() -> None:
    settings: dict[str, Any] = {"report_mask": {"group:777": "uid"}}
    assert await seen_whole(report_rules=[{"mask": "uid"}]) == set()
    assert await seen_whole(report_rules=[{"mask": "none"}], **settings) == EVERYBODY
    report = Report(content="x", images=(shot(),))
    rules = [
        {"to": "group:778", "mask": "uid", "continue": True},
        {"to": ["superusers", "group:777"]},
    ]
    assert await seen_whole(report, report_rules=rules, **settings) == {"private:10001"}


async def test_those_who_see_the_same_share_it() -> None:
    found = await planned(ALL, report_mask={"*": "uid", "group:778": [[0, 0, 10, 10]]})
    covered = found["group:777"].message.image
    assert covered is not None
    assert found["private:10002"].message.image is covered
    assert found["channel:phone"].message.image is covered
    assert found["group:778"].message.image not in (covered, ALL.image)


async def test_where_it_cannot_be_covered_the_words_go_alone() -> None:
    report = Report(images=(animated("GIF"),), send_to_group=("777",))
    found = await planned(report, report_mask="uid")
    assert found["group:777"].message.images == ()
    assert found["group:777"].message.text == "[截图是动图，遮不住，没有发出]"


async def test_a_fallback_does_not_see_more_than_it_would_itself() -> None:
    report = Report(content="x", images=(shot(),))
    rules = [{"to": "superusers", "fallback": ["channel:phone", "group:777"]}]
    found = (await planned(report, report_rules=rules, report_mask="uid"))["private:10001"]
    assert found.message.images == report.images
    assert found.fallback_images is not None
    assert found.fallback_images != report.images
    alone = (await planned(report, report_rules=rules))["private:10001"]
    assert alone.fallback_images is None
