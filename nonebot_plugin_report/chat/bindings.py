"""Commands about users' own tokens: bind, unbind, list, revoke."""

from collections.abc import Sequence
from typing import Final

from nonebot import logger

from ..errors import StoreUnavailable
from ..model.grant import BOUND
from ..model.recipient import SUPERUSERS
from ..model.report import Report
from ..model.timing import moment
from .request import Asker, Context, Wrong
from .wording import quoted, short

MOST: Final = 100
"""Most users in the list."""


async def bind(context: Context, asker: Asker, _: Sequence[str]) -> str:
    """Give the asker a token that reaches only them, and tell the owner."""
    tokens = context.hub.tokens
    if asker.here != asker.own:
        raise Wrong(f"请私聊我发{context.command('绑定')}，地址不能给别人看")
    if not asker.superuser and not await asker.may_bind():
        raise Wrong("你还不能绑定，请联系机器人的主人")
    again = asker.user in tokens.bound()
    token = await tokens.bind(asker.user)
    if not asker.superuser:
        await _tell_owner(context, asker)
    first = "已换成新的地址，旧的不再有效。" if again else "绑定好了。"
    lines = [
        f"{first}把下面这一行填进 BetterGI 的 Webhook 地址，推送只会发给你：",
        f"{context.push_url}?token={token}",
        f"别的工具怎么填，发{context.command('地址')}",
        f"不要给别人看。发{context.command('测试')}试一下，{context.command('解绑')}取消",
    ]
    if not context.hub.config.report_public_url:
        lines.append("这是机器人所在电脑上的地址；在别的电脑上用，请问机器人的主人地址怎么换")
    return "\n".join(lines)


async def _tell_owner(context: Context, asker: Asker) -> None:
    """Once a day per user, however often they bind."""
    hub = context.hub
    report = Report(
        title="有人绑定了推送",
        content=f"QQ {asker.user} 得到了自己的推送地址，只能发给他自己。"
        f"不要他推送，就发{context.command(f'撤销 {asker.user}')}",
        event="bind.new",
        key=f"bind.new:{asker.user}:{hub.clock() // 86400:.0f}",
    )
    try:
        if targets := hub.directory.expand((SUPERUSERS,)):
            await hub.send_to(report, targets)
    except StoreUnavailable as error:
        logger.warning(f"没能告诉主人 {asker.user} 绑定了推送：{error}")


async def unbind(context: Context, asker: Asker, _: Sequence[str]) -> str:
    """Revoke the asker's token."""
    bound = await context.hub.tokens.unbind(asker.user)
    return "已解绑，原来的地址不再有效" if bound else "你没有绑定"


async def bound(context: Context, _: Asker, __: Sequence[str]) -> str:
    """List the bound users, since when, and when they last used their tokens."""
    now = context.hub.clock()
    bindings = await context.hub.tokens.bindings()
    if not bindings:
        return "没有人绑定"
    used = await context.hub.history.last_bound(f"{BOUND}{one.user}" for one in bindings[:MOST])
    lines = ["绑定的用户："]
    for binding in bindings[:MOST]:
        at = used.get(f"{BOUND}{binding.user}")
        last_used = f"最近用于 {moment(at, now)}" if at is not None else "还没用过"
        lines.append(f"QQ {binding.user}：{moment(binding.created_at, now)} 绑定，{last_used}")
    if len(bindings) > MOST:
        lines.append(f"……还有 {len(bindings) - MOST} 个")
    return "\n".join(lines)


async def revoke(context: Context, _: Asker, arguments: Sequence[str]) -> str:
    """Revoke another user's token."""
    if not arguments:
        raise Wrong(f"要写 QQ 号，例如{context.command('撤销 10002')}")
    if not await context.hub.tokens.unbind(arguments[0]):
        raise Wrong(f"{quoted(arguments[0])}没有绑定")
    return f"{short(arguments[0])} 的推送地址不再有效"
