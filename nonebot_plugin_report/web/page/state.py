"""Answers about the state at a glance; mutes targets, and sends test reports."""

import asyncio
import os
import shutil
import time
from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from fastapi import Request, Response

from ...access.sessions import Viewer
from ...errors import Forbidden, InvalidReport
from ...hub import Health, Hub
from ...model.criteria import NEWEST, Cursor
from ...model.report import EVENT_LABELS, trial_report
from ...model.status import standing
from ...model.target import Target
from ...model.timing import in_words, moment
from ..answers import json_answer, receipt_json
from .door import Fields, read_fields, text_of
from .history import day_bounds, read_before
from .views import Json, delivery_json, report_json, sight

LATELY: Final = 86400.0
"""Seconds for which failures are listed."""
FAILURES: Final = 5
DAYS: Final = 30
"""Days in the charts."""
DISK_EVERY: Final = 60.0
"""Seconds between measurements of the disk, which read each picture's size."""


class StateApi:
    """Answers about the state, and changes it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._disk: Json = {}
        self._disk_until = float("-inf")

    async def me(self, _: Request, viewer: Viewer) -> Response:
        """登录的是谁。"""
        hub = self._hub
        return json_answer(
            {
                "name": viewer.name,
                "who": hub.sessions.holder(viewer.session),
                "master": viewer.is_master,
                "own": str(viewer.target) if viewer.target else None,
                "longest_mute": hub.config.report_expire,
            }
        )

    async def state(self, _: Request, viewer: Viewer) -> Response:
        """机器人、等待的、停下的、静音的、没送到的、磁盘。"""
        hub, now = self._hub, self._hub.clock()
        health = await hub.health()
        fault = health.fault_detail if viewer.is_master else health.fault
        answer: Json = {"fault": fault, **self._backlog(health, viewer, now)}
        muted = hub.mutes.all()
        answer["muted"] = [
            {"target": str(one), "until": until, "line": f"静音到 {moment(until, now)}"}
            for one, until in muted.items()
            if _concerns(viewer, one)
        ]
        if health.backlog is not None:
            failed = await hub.history.failed(
                now - LATELY, FAILURES, None if viewer.is_master else viewer.target
            ) if viewer.is_master or viewer.target else []  # fmt: skip
            views = await hub.archive.of(viewer.holder).views(
                sight(viewer), [one.state.id for one in failed]
            )
            answer["failures"] = [report_json(one, now) for one in views]
        if viewer.is_master:
            answer |= self._masters(health)
            if hub.files is not None:
                answer["disk"] = await self._on_disk(hub.files)
        return json_answer(answer)

    async def _on_disk(self, files: Path) -> Json:
        if time.monotonic() >= self._disk_until:
            self._disk = await asyncio.to_thread(_disk, files)
            self._disk_until = time.monotonic() + DISK_EVERY
        return self._disk

    def _backlog(self, health: Health, viewer: Viewer, now: float) -> Json:
        backlog = health.backlog
        if backlog is None:
            return {}
        fields: Json = {
            "blocked": [
                {
                    "target": str(one.lane.target),
                    "bot": one.lane.bot,
                    "line": f"{moment(one.since, now)} 起停着：{one.reason}",
                }
                for one in backlog.blocked
                if _concerns(viewer, one.lane.target)
            ],
            "retrying": [
                delivery_json(one, now) for one in backlog.retrying if _concerns(viewer, one.target)
            ],
        }
        if viewer.is_master:
            oldest = backlog.oldest
            fields["waiting"] = backlog.waiting
            fields["oldest"] = None if oldest is None else f"最早的等了 {in_words(now - oldest)}"
        return fields

    def _masters(self, health: Health) -> Json:
        hub, now = self._hub, self._hub.clock()
        return {
            "bots": [
                {"id": bot, "adapter": adapter, "online": online}
                for bot, adapter, online in health.bots
            ],
            "processes": [
                {"line": standing(one, now), "lapsed": one.lapsed} for one in health.processes
            ],
            "refusals": [
                {"line": f"{moment(one.at, now)} {one.client}：{one.reason}"}
                for one in health.refusals
            ],
            "quiet": [
                {"whose": str(whose), "window": str(window)}
                for whose, window in hub.config.report_quiet.items()
            ],
            "watches": [
                {
                    "line": one.description,
                    "overdue": one.overdue,
                    "due": None if one.due_at is None else moment(one.due_at, now),
                }
                for one in hub.watchdog.standings()
            ],
        }

    async def charts(self, request: Request, viewer: Viewer) -> Response:
        """一个月里每天的推送，一段一段数；第一段带着每种任务的用时。"""
        archive, before = self._hub.archive.of(viewer.holder), read_before(request.query_params)
        today = datetime.fromtimestamp(self._hub.clock()).astimezone().date()
        days = [today - timedelta(days=by) for by in reversed(range(DAYS))]
        since, until = day_bounds(days[0].isoformat())[0], day_bounds(today.isoformat())[1]
        part = await archive.days(sight(viewer), since, min(before, Cursor(until, "")))
        by_result = defaultdict[str, dict[str, int]](dict)
        for count in part.counts:
            by_result[count.result][count.day] = count.count
        tasks = defaultdict[str, list[Json]](list)
        for run in await archive.runs(sight(viewer)) if before == NEWEST else ():
            tasks[run.event].append({"at": run.ended_at, "seconds": run.seconds})
        return json_answer(
            {
                "days": [one.isoformat() for one in days],
                "results": [
                    {"result": result, "counts": [of.get(one.isoformat(), 0) for one in days]}
                    for result, of in sorted(by_result.items())
                ],
                "tasks": [
                    {"event": event, "label": _task(event), "runs": runs}
                    for event, runs in tasks.items()
                ],
                "rest": str(part.next or ""),
            }
        )

    async def mute(self, request: Request, viewer: Viewer) -> Response:
        """静音，或取消静音（seconds 是 0）。"""
        fields, hub = await read_fields(request), self._hub
        target = _target(fields)
        if not _concerns(viewer, target):
            raise Forbidden("只能静音自己")
        seconds, longest = fields.get("seconds"), hub.config.report_expire
        if not isinstance(seconds, int | float) or not 0 <= seconds < longest:
            raise InvalidReport("seconds", f"应小于 {in_words(longest)}（再久，推送就过期了）")
        await hub.mute(target, hub.clock() + seconds if seconds else 0.0)
        return json_answer({"status": "ok"})

    async def test(self, request: Request, viewer: Viewer) -> Response:
        """发一条测试推送。"""
        fields, hub = await read_fields(request), self._hub
        report = trial_report("看到这条就说明能收到")
        if viewer.is_master and text_of(fields, "target"):
            target = _target(fields)
            if target.kind == "channel" and target.id not in hub.config.report_channels:
                raise InvalidReport("target", "没有这个渠道")
            receipt = await hub.send_to(report, (target,))
        else:
            receipt = await hub.submit(report, viewer.grant)
        return json_answer(receipt_json(receipt))


def _concerns(viewer: Viewer, target: Target) -> bool:
    return viewer.is_master or target == viewer.target


def _target(fields: Fields) -> Target:
    try:
        return Target.read(text_of(fields, "target"))
    except ValueError:
        raise InvalidReport("target", "应为接收者，例如 group:777") from None


def _task(event: str) -> str:
    """Name a task after its events."""
    return EVENT_LABELS.get(f"{event}.end", event).removesuffix("结束") or event


def _disk(files: Path) -> Json:
    """Measure the bytes of the store and its pictures, and the free bytes."""
    used, folder = 0, files.parent.absolute()
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(files.name):
                used += _size(Path(entry.path))
    return {"used": used, "free": shutil.disk_usage(folder).free}


def _size(path: Path) -> int:
    if not path.is_dir():
        return path.stat().st_size
    with os.scandir(path) as entries:
        return sum(entry.stat().st_size for entry in entries)
