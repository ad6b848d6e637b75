"""Commands about pushes: list, details, resend, test."""

from collections.abc import Sequence
from typing import Final

from ..model.grant import BOUND
from ..model.message import Message
from ..model.report import Report, trial_report
from ..model.status import Listed, ReportState
from ..model.timing import moment
from .parsing import MOST_RECENT, read_count, read_target
from .request import Answer, Asker, Context, Wrong
from .wording import (
    NAME_LENGTH,
    REASON_LENGTH,
    brief,
    describe_delivery,
    icon,
    list_first,
    name_target,
    quoted,
    short,
    subject,
    undelivered,
)

RECENT: Final = 5
"""Reports in a list, unless a number is given."""


async def recent(context: Context, asker: Asker, arguments: Sequence[str]) -> str:
    """List the last reports, numbered."""
    count = read_count(arguments[0]) if arguments else RECENT
    if count is None:
        raise Wrong(f"条数应为 1 到 {MOST_RECENT}")
    listed = await context.hub.history.recent(count, asker.only)
    context.remember(asker, tuple(one.state.id for one in listed))
    now = context.hub.clock()
    lines = [f"{number}. {_line(one, now)}" for number, one in enumerate(listed, 1)]
    return "\n".join(lines) or "还没有推送"


async def details(context: Context, asker: Asker, arguments: Sequence[str]) -> Answer:
    """Show one report.

    Ours first: what others wrote is the last, so that it can neither pass for ours nor cut it off.
    """
    state, now = await _find_report(context, asker, arguments), context.hub.clock()
    lines = [f"ID {state.id}", f"收到 {moment(state.received_at, now)}"]
    if asker.superuser:
        report = await context.hub.history.report(state.id) or Report()
        theirs, images = report.body, report.images
        if len(report.title) > NAME_LENGTH:
            theirs = f"{report.title}\n{theirs}"
        lines.insert(0, f"{icon(report)}{quoted(state.heading) or '推送'}")
        lines += [f"令牌{quoted(state.source)}"] if state.source else []
        figures = list_first([str(one) for one in report.readings])
        lines += [report.remark] if report.remark else []
        lines += [f"读出：{short('；'.join(figures), REASON_LENGTH)}"] if figures else []
    else:
        sent = await context.hub.history.messages(state.id, [asker.own])
        own = sent.get(asker.own, Message(""))
        theirs, images = own.text, own.images
    lines += list_first([describe_delivery(one, asker, now) for one in state.deliveries])
    lines += list_first([
        f"⏰ {subject(one.target, asker)}还没有人说「知道了」，{moment(one.due_at, now)} 再发"
        f"（已提醒 {one.reminded} 次）"
        for one in await context.hub.reminders(state.id)
        if asker.only in (None, one.target)
    ])  # fmt: skip
    if state.note:
        lines.append(f"没有发出：{short(state.note, REASON_LENGTH)}")
    lines += ["内容：", theirs] if theirs else []
    visible_images = await context.hub.mask_images(images, asker.here)
    return Message("\n".join(lines), visible_images)


async def resend(context: Context, asker: Asker, arguments: Sequence[str]) -> str:
    """Send one report again."""
    state = await _find_report(context, asker, arguments)
    targets = tuple(dict.fromkeys(one.target for one in state.deliveries))
    receipt = await context.hub.resend(state.id, targets)
    if receipt is None:
        raise Wrong("这条推送没有接收者，或内容已经清理了")
    sent = "、".join(list_first([name_target(one, asker) for one in receipt.targets]))
    return f"已重发给{sent}，新的 ID {receipt.id}"


async def acknowledge(context: Context, asker: Asker, arguments: Sequence[str]) -> str:
    """End the reminders of reports: somebody knows of them."""
    ended = False
    for each in arguments or ("",):
        state = await _find_report(context, asker, [each] if each else [])
        ended |= await context.hub.acknowledge(state.id, asker.only)
    return "好，不再提醒" if ended else "知道了；这一条本来就不会再提醒"


async def test(context: Context, asker: Asker, arguments: Sequence[str]) -> str:
    """Send a test report."""
    target = await read_target(context, asker, " ".join(arguments))
    receipt = await context.hub.send_to(trial_report("看到这条就说明能收到"), (target,))
    return f"测试推送已收下，正在发给{name_target(target, asker)}（ID {receipt.id}）"


def _line(listed: Listed, now: float) -> str:
    return f"{brief(listed)} {moment(listed.state.received_at, now)} {undelivered(listed)}".rstrip()


async def _find_report(context: Context, asker: Asker, arguments: Sequence[str]) -> ReportState:
    """The report that is meant, as far as the asker may see it."""
    if not arguments:
        recent, first = context.command("最近"), context.command("详情 1")
        raise Wrong(f"要写 ID 或第几条：发{recent}看看有哪些，再发{first}这样的")
    report_id = arguments[0]
    if (number := read_count(report_id)) is not None and not report_id.startswith("0"):
        report_id = await _numbered(context, asker, number)
    state = await _state(context, asker, report_id)
    if state is None:
        ids = await context.hub.history.beginning(report_id.lower(), asker.only)
        if len(ids) > 1:
            raise Wrong(f"不止一条推送的 ID 以{quoted(report_id)}开头，请多写几位")
        state = await _state(context, asker, ids[0]) if ids else None
    if state is None:
        raise Wrong("没有这个 ID 的推送")
    return state


async def _numbered(context: Context, asker: Asker, number: int) -> str:
    """The id that was listed under a number, or would be now."""
    ids = context.lists.get(asker.user)
    if not ids:
        listed = await context.hub.history.recent(MOST_RECENT, asker.only)
        ids = tuple(one.state.id for one in listed)
    if number > len(ids):
        raise Wrong(f"没有第 {number} 条；发{context.command('最近 20')}看看有哪些")
    return ids[number - 1]


async def _state(context: Context, asker: Asker, report_id: str) -> ReportState | None:
    if asker.superuser:
        return await context.hub.state(report_id)
    source = f"{BOUND}{asker.user}"
    return await context.hub.history.state_for(report_id, source, asker.own)
