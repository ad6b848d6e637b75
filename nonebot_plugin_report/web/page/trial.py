"""Tries rules on the last reports, without changing anything."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Final

from fastapi import Request, Response
from pydantic import ValidationError

from ...access.sessions import Viewer
from ...config import Config, explain
from ...doctor.addresses import read_settings
from ...errors import InvalidReport, Refused
from ...hub import Hub
from ...model.criteria import EVERYTHING, Criteria, ReportView
from ...model.grant import MASTER, OWN, Grant
from ...model.report import Report
from ...model.text import one_line
from ...routing.planner import Planner
from ...routing.telling import describe
from ..answers import json_answer
from .door import read_fields, require_master, text_of
from .views import Json, report_json

MAX_REPORTS: Final = 500
"""Most reports of one trial."""
MOST_DAYS: Final = 30
DAY: Final = 86400.0
MAX_MESSAGE: Final = 300
"""Characters of a message in the answer."""


class TrialApi:
    """Answers with the effect of rules."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def rules(self, request: Request, viewer: Viewer) -> Response:
        """现在的规则，写成 JSON。"""
        require_master(viewer)
        rules = [
            one.model_dump(mode="json", exclude_defaults=True, by_alias=True)
            for one in self._hub.config.report_rules
        ]
        return json_answer({"rules": rules})

    async def attempt(self, request: Request, viewer: Viewer) -> Response:
        """用写下的规则，把最近的推送再走一遍。"""
        require_master(viewer)
        rules = text_of(await read_fields(request), "rules").strip() or "[]"
        try:
            config = Config.model_validate({**read_settings(), "report_rules": rules})
        except ValidationError as error:
            return json_answer({"fault": str(explain(error))})
        since = max(0.0, self._hub.clock() - DAY * _days(request.query_params.get("days", "7")))
        archive = self._hub.archive.of(viewer.holder)
        part = await archive.part(EVERYTHING, Criteria(since=since), MAX_REPORTS)
        views = [one for one in part.views if one.listed.state.source != OWN]
        results = await asyncio.to_thread(
            _try_rules, config, self._superusers(), views, self._grant
        )
        now = self._hub.clock()
        listed = {one.listed.state.id: report_json(one, now) for one in views}
        return json_answer(
            {
                "results": [{"report": listed[of], **result} for of, result in results],
                "rest": bool(part.next),
                "setting": f"REPORT_RULES={json.dumps(json.loads(rules), ensure_ascii=False)}",
            }
        )

    def _superusers(self) -> list[str]:
        return [one.id for one in self._hub.directory.superusers]

    def _grant(self, source: str) -> Grant:
        return self._hub.tokens.named(source) or MASTER


def _days(text: str) -> int:
    """Read the number of days of a trial."""
    days = int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else 0
    if not 1 <= days <= MOST_DAYS:
        raise InvalidReport("days", f"应为 1 到 {MOST_DAYS} 天")
    return days


def _try_rules(
    config: Config,
    superusers: Sequence[str],
    views: Sequence[ReportView],
    grant: Callable[[str], Grant],
) -> list[tuple[str, Json]]:
    """Plan each report again. Runs in a thread: patterns may be slow."""
    directory = config.directory(superusers)
    planner = Planner(directory, config.report_template, config.policies(directory).of)
    return [
        (state.id, _result(planner, report, grant(state.source), state.received_at))
        for one in views
        if (state := one.listed.state) and (report := one.listed.report) is not None
    ]


def _result(planner: Planner, report: Report, grant: Grant, at: float) -> Json:
    counted = planner.recast(report, grant, at)
    try:
        plan = planner.plan(counted.report, grant, at)
    except Refused as error:
        return {"rules": [], "reason": f"不会收下：{error}", "targets": []}
    return {
        "rules": [*(number for number, _ in counted.applied), *plan.routing.rules],
        "reason": plan.routing.reason,
        "targets": [
            {
                "target": str(one.target),
                "how": list(describe(planned, planner.wait(one, at))),
                "words": one_line(one.message.text, MAX_MESSAGE),
            }
            for planned, one in zip(plan.routing.planned, plan.outgoing, strict=True)
        ],
    }
