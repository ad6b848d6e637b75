"""Encodes reports and deliveries for the page as JSON."""

from typing import Any, Final

from ...access.sessions import Viewer
from ...model.criteria import EVERYTHING, ReportView, Sight
from ...model.report import label_event
from ...model.status import DeliveryState, progress

CUT: Final = 600
"""Characters of a report in a list; the page asks for the full text."""

Json = dict[str, Any]


def sight(viewer: Viewer) -> Sight:
    """Return the part of the history that a viewer may see."""
    return EVERYTHING if viewer.is_master else Sight(viewer.grant.name, viewer.target)


def report_json(view: ReportView, now: float) -> Json:
    """Encode a report for a list; `now` is in epoch seconds."""
    state, report = view.listed.state, view.listed.report
    title, text = title_and_text(view)
    return {
        "id": state.id,
        "at": state.received_at,
        "icon": report.icon if report else "",
        "result": report.result_word if report else "",
        "title": title[:CUT],
        "text": text[:CUT],
        "more": report is None
        or report.data != "null"
        or bool(report.readings)
        or max(len(text), len(title)) > CUT,
        "event": state.event,
        "label": label_event(state.event),
        "source": state.source,
        "pictures": len(view.pictures),
        "note": state.note,
        "own": view.own,
        "deliveries": [delivery_json(one, now) for one in state.deliveries],
    }


def delivery_json(delivery: DeliveryState, now: float) -> Json:
    """Encode a delivery and its progress; `now` is in epoch seconds."""
    return {
        "target": str(delivery.target),
        "state": delivery.state,
        "line": progress(delivery, now),
    }


def title_and_text(view: ReportView) -> tuple[str, str]:
    """Split a report as its viewer may see it into title and text."""
    report, sent = view.listed.report, view.listed.text
    if report is not None:
        return report.heading, report.body
    if view.own:
        return view.listed.state.heading, sent
    # A sent message begins with the title.
    title, _, text = sent.partition("\n")
    return title, text
