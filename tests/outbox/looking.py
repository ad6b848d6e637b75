"""A history for the tests of the page's store: what is pushed, and what is found of it."""

from nonebot_plugin_report.model.criteria import EVERYTHING, NEWEST, Criteria, Sight
from nonebot_plugin_report.model.delivery import Outgoing
from nonebot_plugin_report.model.message import Message
from nonebot_plugin_report.model.report import Report
from nonebot_plugin_report.model.target import Target

from .fakes import World

ME, FRIEND = Target("private", "10001"), Target("private", "10002")
FRIENDS = Sight("bind:10002", FRIEND)


async def send(
    w: World, content: str, *targets: Target, source: str = "master", sent: str = "", **more: object
) -> str:
    """A report, and its id."""
    report = Report(content=content, **more)  # pyright: ignore[reportArgumentType] - fields of a report
    message = Message(sent or content, report.images, report)
    outgoing = [Outgoing(one, message) for one in targets or (ME,)]
    w.clock.now += 1
    return (await w.outbox.accept(report, outgoing, source=source)).id


async def found(w: World, sight: Sight = EVERYTHING, **wanted: object) -> list[str]:
    """What the reports say that are found, in the order in which they are told."""
    said: list[str] = []
    before = NEWEST
    while True:
        part = await w.store.archive.part(sight, Criteria(**wanted, before=before), 30)  # pyright: ignore[reportArgumentType] - its fields
        for one in part.views:
            report = one.listed.report
            said.append(report.content if report is not None else one.listed.text)
        if part.next is None:
            return said
        before = part.next
