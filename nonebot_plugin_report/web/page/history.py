"""Answers about the history: search, show, send again, delete."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import inf
from typing import Final

from fastapi import Request, Response
from starlette.datastructures import QueryParams

from ...access.sessions import Viewer
from ...errors import Forbidden, InvalidReport, NotFound, TooManyReports
from ...hub import Hub
from ...model.criteria import NEWEST, Criteria, Cursor, ReportView
from ...model.reading import dump_readings
from ...model.target import Target
from ...model.text import clean
from ..answers import json_answer, receipt_json
from .door import Fields, read_fields, require_master
from .views import Json, report_json, sight
from .whole import read_full_report

PART: Final = 30
"""Reports in one answer."""
MOST_TARGETS: Final = 20
"""Most targets when a report is sent again."""
LONGEST_WORD: Final = 200
"""Characters of a search field."""
POSSIBLE_YEARS: Final = range(1971, 3000)
"""Windows converts no local time before 1970 or after 3000 (learn.microsoft.com, `localtime_s`)."""
_ID: Final = re.compile("[0-9a-hjkmnp-tv-z]{20}")


class HistoryApi:
    """Answers about reports."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def part(self, request: Request, viewer: Viewer) -> Response:
        """一段历史，新的在前。"""
        criteria = read_criteria(request.query_params)
        part = await self._hub.archive.of(viewer.holder).part(sight(viewer), criteria, PART)
        now = self._hub.clock()
        return json_answer(
            {
                "reports": [report_json(one, now) for one in part.views],
                "rest": str(part.next or ""),
                "back_to": part.next and part.next.at,
            }
        )

    async def choices(self, _: Request, viewer: Viewer) -> Response:
        """能按什么找、能发给谁。"""
        choices, hub = await self._hub.archive.of(viewer.holder).choices(), self._hub
        if not viewer.is_master:
            own = [str(viewer.target)] if viewer.target else []
            return json_answer({"events": [], "results": [], "sources": [], "targets": own})
        channels = (Target("channel", one) for one in hub.config.report_channels)
        targets = (*hub.directory.superusers, *channels, *choices.targets)
        return json_answer(
            {
                "events": choices.events,
                "results": choices.results,
                "sources": choices.sources,
                "targets": list(dict.fromkeys(str(one) for one in targets)),
            }
        )

    async def report(self, request: Request, viewer: Viewer) -> Response:
        """一条推送的全部。"""
        view = await self.find_view(request, viewer)
        answer = report_json(view, self._hub.clock())
        return json_answer(answer | await self._full_text(view, viewer))

    async def _full_text(self, view: ReportView, viewer: Viewer) -> Json:
        """Read the title and text without a cut, the other data, and the figures in the words."""
        full = await read_full_report(self._hub.archive.of(viewer.holder), view)
        report = full.report
        data = None if report is None or report.data == "null" else report.data
        readings = () if report is None else report.readings
        return {
            "title": full.title,
            "text": full.text,
            "data": data,
            "remark": "" if report is None else report.remark,
            "readings": [
                fields | {"words": str(reading)}
                for reading, fields in zip(readings, dump_readings(readings), strict=True)
            ],
        }

    async def find_view(self, request: Request, viewer: Viewer) -> ReportView:
        """Find the report that the address names, as the viewer may see it.

        Raises:
            NotFound: there is no such report for the viewer.
            StoreUnavailable: the report could not be read.
        """
        report_id = str(request.path_params["id"])
        view = None
        if _ID.fullmatch(report_id):
            view = await self._hub.archive.of(viewer.holder).view(sight(viewer), report_id)
        if view is None:
            raise NotFound("没有这条推送")
        return view

    async def resend(self, request: Request, viewer: Viewer) -> Response:
        """再发一次：给原来的接收者，或写明的。"""
        view, fields = await self.find_view(request, viewer), await read_fields(request)
        hub, report_id = self._hub, view.listed.state.id
        before = tuple(dict.fromkeys(one.target for one in view.listed.state.deliveries))
        targets = read_targets(fields) or before
        if not viewer.is_master:
            if not set(targets) <= set(before):
                raise Forbidden("只能再发给原来的接收者")
            await hub.tokens.recount(viewer.grant)
            if (until := hub.tokens.count(viewer.grant)) is not None:
                raise TooManyReports(until - hub.clock())
        again = tuple(one for one in targets if one in before)
        receipts = [await hub.resend(report_id, again)] if again else []
        if others := tuple(one for one in targets if one not in before):
            report = await hub.history.report(report_id)
            # Its key would make it the same report.
            receipts.append(report and await hub.send_to(replace(report, key=""), others))
        answers = [receipt_json(one) for one in receipts if one is not None]
        if not answers:
            raise NotFound("这条推送没有接收者，或内容已经清理了")
        return json_answer({"receipts": answers})

    async def delete(self, request: Request, viewer: Viewer) -> Response:
        """删掉一条推送；还没送出的不再送。"""
        require_master(viewer)
        view = await self.find_view(request, viewer)
        if not await self._hub.delete(view.listed.state.id):
            raise NotFound("它正在发送，过一会儿再删")
        return json_answer({"status": "ok"})


def read_targets(fields: Fields) -> tuple[Target, ...]:
    """Read the targets in a body from the page.

    Raises:
        InvalidReport: a target is not valid, or there are too many.
    """
    named = fields.get("targets", [])
    try:
        targets = tuple(Target.read(one) for one in named)
    except (ValueError, TypeError, AttributeError):
        raise InvalidReport("targets", "应为接收者，例如 group:777") from None
    if len(targets) > MOST_TARGETS:
        raise InvalidReport("targets", f"最多 {MOST_TARGETS} 个")
    return targets


def read_criteria(query: QueryParams) -> Criteria:
    """Read the criteria of a search from the address.

    Raises:
        InvalidReport: a criterion is not valid.
    """
    text, event, result, source, target, day = (
        clean(query.get(name, "")[:LONGEST_WORD])
        for name in ("words", "event", "result", "source", "target", "day")
    )
    try:
        to = Target.read(target) if target else None
    except ValueError:
        raise InvalidReport("target", "应为接收者，例如 group:777") from None
    since, until = day_bounds(day)
    before = min(Cursor(until, ""), read_before(query))
    return Criteria(text, event, result, source, to, since, before)


def read_before(query: QueryParams) -> Cursor:
    """Read the position of the next part, which an earlier answer gave as `rest`.

    Raises:
        InvalidReport: the field is no position.
    """
    if not (text := query.get("before", "")):
        return NEWEST
    try:
        return Cursor.parse(text)
    except ValueError:
        raise InvalidReport("before", "应为上一段的 rest") from None


def day_bounds(day: str) -> tuple[float, float]:
    """Compute the begin and end of a day by this machine's clock (epoch seconds); an empty text
    covers all time.

    Both are 0 for a day outside of `POSSIBLE_YEARS`: while a user types a year, a browser asks for
    the years 0002, 0020 and 0202, too.

    Raises:
        InvalidReport: the text is no day.
    """
    if not day:
        return 0.0, inf
    try:
        first = date.fromisoformat(day)
    except ValueError:
        raise InvalidReport("day", "应为 2026-11-27 的样子") from None
    if first.year not in POSSIBLE_YEARS:
        return 0.0, 0.0
    since, until = (
        datetime(each.year, each.month, each.day).astimezone().timestamp()
        for each in (first, first + timedelta(days=1))
    )
    return since, until
