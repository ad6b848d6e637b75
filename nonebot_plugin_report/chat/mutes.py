"""Commands to mute and unmute."""

from collections.abc import Sequence

from ..model.timing import in_words
from .parsing import read_target, read_until
from .request import Asker, Context, Wrong
from .wording import subject, until


async def mute(context: Context, asker: Asker, arguments: Sequence[str]) -> str:
    """Hold what is not urgent back until a moment."""
    example = f"例如{context.command('静音 2h')}"
    if not arguments:
        raise Wrong(f"要写多久，{example}")
    now = context.hub.clock()
    reading = read_until(" ".join(arguments), now)
    if reading is None:  # the target stands before the time
        reading = read_until(" ".join((*arguments[1:], arguments[0])), now)
    if reading is None:
        raise Wrong(f"时间应写成 30m、2h、半天、到 8 点、今晚的样子，{example}")
    end, target_text = reading
    longest = context.hub.config.report_expire
    if not 0 < end - now < longest:
        raise Wrong(f"时间应大于 0、小于 {in_words(longest)}（再久，推送就过期了），{example}")
    target = await read_target(context, asker, target_text)
    await context.hub.mute(target, end)
    muted = f"静音{until(end, now)}（{in_words(end - now)}）"
    return f"{subject(target, asker)}{muted}，期间的推送到时合成摘要，紧急的照发"


async def unmute(context: Context, asker: Asker, arguments: Sequence[str]) -> str:
    """Send again what is held back."""
    target = await read_target(context, asker, " ".join(arguments))
    if target not in context.hub.mutes.all():
        return f"{subject(target, asker)}没有静音"
    await context.hub.mute(target, 0.0)
    return f"{subject(target, asker)}不再静音"
