"""What of a picture is covered before it is shown to others. Pure."""

from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Final, Literal, Self, cast

MAX_BOXES: Final = 20
"""Most areas of a mask."""
# babalae/better-genshin-impact, MaskWindowConfig.UidCoverRightBottomRect: at 1920x1080 the number
# begins 235 pixels from the right and 27 from the bottom, and is 178 by 22 large. The game scales
# by width or height, whichever its screen has less of; which side it leaves is covered too.
_UID_SCREEN: Final = (1920, 1080)
_UID_SIZE: Final = (270, 40)
_EXAMPLE: Final = '例如 "uid"、"none" 或 [[80, 95, 20, 5]]'

Area = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; the right and the bottom are outside."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, in percent of its width and height."""

    left: float
    top: float
    width: float
    height: float

    def area(self, width: int, height: int) -> Area:
        """The pixels that it touches, of a picture of this size."""
        return (
            floor(self.left * width / 100),
            floor(self.top * height / 100),
            min(width, ceil((self.left + self.width) * width / 100)),
            min(height, ceil((self.top + self.height) * height / 100)),
        )


@dataclass(frozen=True, slots=True)
class Mask:
    """What is covered: `uid` is the corner in which the game writes the player's number."""

    parts: tuple[Box | Literal["uid"], ...] = ()

    @classmethod
    def read(cls, value: object) -> Self:
        """Read `uid`, `none`, or a list of `uid` and of boxes, each of four numbers in percent.

        Raises:
            ValueError: it is none of these; the text is Chinese.
        """
        if value == "none":
            return cls()
        parts = cast("list[object]", value) if isinstance(value, list) else [value]
        if len(parts) > MAX_BOXES:
            raise ValueError(f"最多 {MAX_BOXES} 块")
        return cls(tuple(_part(one) for one in parts))

    def __add__(self, other: Self) -> Self:
        """What either covers."""
        return replace(self, parts=tuple(dict.fromkeys(self.parts + other.parts)))

    def written(self) -> object:
        """As `read` takes it."""
        if not self.parts:
            return "none"
        return [
            one if one == "uid" else [one.left, one.top, one.width, one.height]
            for one in self.parts
        ]

    def __str__(self) -> str:
        """For people (Chinese)."""
        boxes = sum(isinstance(one, Box) for one in self.parts)
        parts = ["UID"] if "uid" in self.parts else []
        return "和".join(parts + ([f"{boxes} 块"] if boxes else []))

    def areas(self, width: int, height: int) -> list[Area]:
        """What is covered of a picture of this size."""
        return [
            _uid_area(width, height) if one == "uid" else one.area(width, height)
            for one in self.parts
        ]


def _uid_area(width: int, height: int) -> Area:
    scale = max(width / _UID_SCREEN[0], height / _UID_SCREEN[1])
    across, down = (ceil(length * scale) for length in _UID_SIZE)
    return max(0, width - across), max(0, height - down), width, height


def _part(value: object) -> Box | Literal["uid"]:
    if value == "uid":
        return "uid"
    numbers = cast("list[object]", value) if isinstance(value, list) else []
    values = [one for one in numbers if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(values) != 4 or len(numbers) != 4:
        raise ValueError(f"应为 uid、none 或几块 [左, 上, 宽, 高]，{_EXAMPLE}")
    left, top, width, height = values
    if not (left >= 0 and top >= 0 and width > 0 and height > 0):
        raise ValueError(f"[左, 上, 宽, 高] 应是图片宽高的百分之几，宽和高大于 0，{_EXAMPLE}")
    if left + width > 100 or top + height > 100:
        raise ValueError("左加宽、上加高都不能超过 100（图片宽高的百分之几）")
    return Box(left, top, width, height)
