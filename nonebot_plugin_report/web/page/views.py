"""What the page shows, as JSON."""

from typing import Any, Final

from ...access.sessions import Viewer
from ...model.archive import EVERYTHING, Shown, Sight
from ...model.report import EVENT_LABELS
from ...model.status import DeliveryState, progress

CUT: Final = 600
"""Characters of a report in a list; the rest comes when it is asked for."""

Json = dict[str, Any]


def sight(viewer: Viewer) -> Sight:
    """What a viewer may see of the history."""
    return EVERYTHING if viewer.is_master else Sight(viewer.grant.name, viewer.target)


def report_json(view: Shown, now: float) -> Json:
    """A report in a list; `now` is in epoch seconds."""
    state, report = view.listed.state, view.listed.report
    title, text = title_and_text(view)
    return {
        "id": state.id,
        "at": state.received_at,
        "icon": report.icon if report else "",
        "result": report.result_word if report else "",
        "title": title[:CUT],
        "text": text[:CUT],
        "more": report is None or report.data != "null" or max(len(text), len(title)) > CUT,
        "event": state.event,
        "label": EVENT_LABELS.get(state.event, state.event),
        "source": state.source,
        "pictures": len(view.pictures),
        "note": state.note,
        "own": view.own,
        "deliveries": [delivery_json(one, now) for one in state.deliveries],
    }


def delivery_json(delivery: DeliveryState, now: float) -> Json:
    """A delivery and where it stands."""
    return {
        "target": str(delivery.target),
        "state": delivery.state,
        "line": progress(delivery, now),
    }


def title_and_text(view: Shown) -> tuple[str, str]:
    """Title and text."""
    report, sent = view.listed.report, view.listed.text
    if report is not None:
        return report.heading, report.body
    if view.own:
        return view.listed.state.heading, sent
    # What somebody was sent begins with its title.
    title, _, text = sent.partition("\n")
    return title, text
