"""Reads a report's full text, which lists cut."""

from dataclasses import dataclass

from ...model.criteria import ReportView
from ...model.report import Report
from ...store.archive import Archive
from .views import title_and_text


@dataclass(frozen=True, slots=True)
class FullReport:
    """A report as far as its viewer may see it."""

    title: str
    text: str
    report: Report | None
    """The report's fields; None: the viewer may not see them, or they cannot be read."""


async def read_full_report(archive: Archive, view: ReportView) -> FullReport:
    """Read a report in full, as far as its viewer may see it.

    Raises:
        StoreUnavailable: the report could not be read.
    """
    report_id, (title, text) = view.listed.state.id, title_and_text(view)
    if not view.own:  # lists keep sent messages whole
        return FullReport(title, text, None)
    report = view.listed.report or await archive.report(report_id)
    if report is None:
        return FullReport(title, await archive.sent(report_id, None), None)
    return FullReport(report.heading, report.body, report)
