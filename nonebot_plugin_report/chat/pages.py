"""The command that lets its asker in to the page."""

from collections.abc import Sequence

from ..access.sessions import LINK_SECONDS
from ..model.timing import in_words
from .request import Asker, Context, Wrong


async def page(context: Context, asker: Asker, _: Sequence[str]) -> str:
    """Give the asker a link."""
    if asker.here != asker.own:
        raise Wrong(f"请私聊我发{context.command('网页')}，链接不能给别人看")
    secret = await context.hub.sessions.link_for(asker.own)
    lines = [
        f"在浏览器里打开（{in_words(LINK_SECONDS)}钟之内，只能用一次，不要给别人看）：",
        page_link(context.push_url, secret),
    ]
    if not context.hub.config.report_public_url:
        lines.append(
            "这是机器人所在电脑上的地址；在别的设备上看，要设置 REPORT_PUBLIC_URL"
            if asker.superuser
            else "这是机器人所在电脑上的地址；在别的设备上看，请问机器人的主人"
        )
    return "\n".join(lines)


def page_link(push_url: str, secret: str) -> str:
    """The page with a secret that lets in. Behind the `#` it reaches no server and no log, and who
    fetches a link only to show a preview of it does not use it up."""
    return f"{push_url}/#{secret}"
