"""Covers a report's pictures for each target, before the report is stored."""

from collections.abc import Sequence
from dataclasses import replace

from ..model.delivery import Outgoing
from ..model.image import Image
from ..model.mask import Mask
from ..pictures.masked import masked
from ..routing.planner import Plan
from ..routing.rules import Planned


class Masking:
    """The pictures of one report: each mask is drawn once, for all targets."""

    def __init__(self) -> None:
        self._covered: dict[
            tuple[Mask, tuple[Image, ...]], tuple[tuple[Image, ...], list[str]]
        ] = {}

    async def outgoing(self, plan: Plan) -> list[Outgoing]:
        """Make a plan's deliveries, with the pictures for each target and its fallbacks."""
        pairs = zip(plan.routing.planned, plan.outgoing, strict=True)
        return [await self._masked(planned, one) for planned, one in pairs]

    async def _masked(self, planned: Planned, outgoing: Outgoing) -> Outgoing:
        message, original = outgoing.message, outgoing.message.images
        if not original:
            return outgoing
        if planned.mask is not None:
            images, faults = await self._cover(original, planned.mask)
            text = "\n".join(filter(None, (message.text, *(f"[{fault}]" for fault in faults))))
            outgoing = replace(outgoing, message=replace(message, text=text, images=images))
        if planned.fallback_mask is not None:
            images, _ = await self._cover(original, planned.fallback_mask)
            outgoing = replace(outgoing, fallback_images=images)
        return outgoing

    async def _cover(
        self, images: Sequence[Image], mask: Mask
    ) -> tuple[tuple[Image, ...], list[str]]:
        key = mask, tuple(images)
        if key not in self._covered:
            self._covered[key] = await masked(images, mask)
        return self._covered[key]
