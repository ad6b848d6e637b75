"""What QQ shows of pictures: several, covered where others look on, and no larger than it takes."""

from collections.abc import AsyncGenerator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow

from tests.bot import Bot, running
from tests.onebot import ScriptedV11
from tests.senders.service import make_image

from .test_channels import encoded
from .test_commands import say

OWNER, GROUP = "10001", "777"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncGenerator[Bot]:
    settings = {"report_mask": "uid", "report_max_picture": "256KiB"}
    async with running(tmp_path, settings=settings) as started:
        yield started


def corner(data: bytes) -> int:
    """How bright the corner with the player's number is at most."""
    with Pillow.open(BytesIO(data)) as shown:
        grey = shown.convert("L")
        return max(grey.crop((grey.width - 40, grey.height - 4, grey.width, grey.height)).tobytes())


async def test_a_group_does_not_see_the_number_and_nobody_gets_more_than_qq_takes(
    bot: Bot, qq: ScriptedV11
) -> None:
    pictures = [make_image(320, 180).data, make_image(480, 270, "PNG").data]
    answer = await bot.push(
        content="卡住了", send_to=OWNER, send_to_group=GROUP,
        screenshots=[encoded(one) for one in pictures],
    )  # fmt: skip
    await bot.until_state(answer["id"], "delivered")
    seen = {one.target: one.images for one in qq.messages}
    assert seen[f"private:{OWNER}"] == pictures
    covered = seen[f"group:{GROUP}"]
    assert [corner(one) < 30 for one in covered] == [True, True]
    assert min(corner(one) for one in pictures) > 200
    # What is asked for in the group is shown to the group.
    await say(qq, OWNER, f"/推送 详情 {answer['id']}", group=GROUP)
    shown = (await qq.wait_for(3))[-1]
    assert shown.images == covered
    await say(qq, OWNER, f"/推送 重发 {answer['id']}")
    again = {one.target: one.images for one in (await qq.wait_for(6))[3:] if one.images}
    assert again == seen, "each gets what it got"

    # One that is too large for QQ is shrunk, and that is told.
    large = make_image(1280, 720, "PNG", noise=True).data
    assert len(large) > 2**19
    answer = await bot.push(content="打完了", send_to=OWNER, screenshot=encoded(large))
    (delivery,) = await bot.until_state(answer["id"], "delivered")
    (sent,) = [one for one in qq.messages if one.text == "打完了"]
    assert len(sent.images[0]) <= 2**18
    assert delivery["reason"] == "截图已缩小"
