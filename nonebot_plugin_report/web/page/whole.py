"""A report's words in full: lists leave out what is long."""

from dataclasses import dataclass

from ...model.archive import Shown
from ...model.report import Report
from ...store.archive import Archive
from .views import words_of


@dataclass(frozen=True, slots=True)
class Whole:
    """A report as far as its viewer may see it."""

    title: str
    text: str
    report: Report | None
    """Its fields; None: they may not be seen, or cannot be read."""


async def read_whole(archive: Archive, shown: Shown) -> Whole:
    """Read what a list left out of a report.

    Raises:
        StoreUnavailable: it could not be read.
    """
    report_id, (title, text) = shown.listed.state.id, words_of(shown)
    if not shown.own:  # of what somebody was sent, nothing is left out
        return Whole(title, text, None)
    report = shown.listed.report or await archive.report(report_id)
    if report is None:
        return Whole(title, await archive.sent(report_id, None), None)
    return Whole(report.heading, report.body, report)
