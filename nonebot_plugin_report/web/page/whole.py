"""A report's words in full: lists leave out what is long."""

from dataclasses import dataclass

from ...model.archive import Shown
from ...model.report import Report
from ...store.archive import Archive
from .views import title_and_text


@dataclass(frozen=True, slots=True)
class FullReport:
    """A report as far as its viewer may see it."""

    title: str
    text: str
    report: Report | None
    """Its fields; None: they may not be seen, or cannot be read."""


async def read_full_report(archive: Archive, view: Shown) -> FullReport:
    """Read what a list left out of a report.

    Raises:
        StoreUnavailable: it could not be read.
    """
    report_id, (title, text) = view.listed.state.id, title_and_text(view)
    if not view.own:  # of what somebody was sent, nothing is left out
        return FullReport(title, text, None)
    report = view.listed.report or await archive.report(report_id)
    if report is None:
        return FullReport(title, await archive.sent(report_id, None), None)
    return FullReport(report.heading, report.body, report)
