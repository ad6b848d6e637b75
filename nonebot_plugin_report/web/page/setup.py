"""Answers about the set-up: the steps that are done, and the values to paste."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import nonebot
from fastapi import Request, Response

from ...access.sessions import Viewer
from ...doctor.addresses import onebot_url, push_url
from ...doctor.findings import of_machine, of_running, of_settings
from ...doctor.tools import SECRET, TOOLS, is_said
from ...errors import StoreUnavailable
from ...hub import Hub
from ...model.criteria import EVERYTHING, Criteria, ReportView
from ...model.delivery import State
from ...model.grant import OWN
from ..answers import json_answer
from .door import require_master
from .views import Json

RECENT: Final = 20
"""Latest reports in which an arrived one is looked for."""


class SetupApi:
    """Answers about the set-up."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def setup(self, _: Request, viewer: Viewer) -> Response:
        """一步一步做到了哪里，哪里该填什么。"""
        config = self._hub.config
        public = config.report_public_url
        url = f"{public}{config.report_route}" if public else push_url()
        # The owner can read the token in .env anyway; other viewers have their own.
        secret = config.report_token if viewer.is_master else None
        answer: Json = {
            "push": url,
            "tools": [
                {
                    "label": one.label,
                    "where": one.where,
                    "note": one.note,
                    "fields": [
                        {"name": name, "value": value, "said": is_said(written)}
                        for (name, value), (_, written) in zip(
                            one.filled(url, secret or SECRET), one.fields, strict=True
                        )
                    ],
                }
                for one in TOOLS
            ],
        }
        if viewer.is_master:
            answer["steps"] = await self._steps(viewer)
        return json_answer(answer)

    async def _steps(self, viewer: Viewer) -> list[Json]:
        settings: Any = nonebot.get_driver().config
        onebot = getattr(settings, "onebot_access_token", None)
        token = "填 .env 里的 ONEBOT_ACCESS_TOKEN" if onebot else "留空"
        reports = [one.listed.state for one in await self._recent(viewer)]
        pushed = any(one.source != OWN for one in reports)
        arrived = any(each.state is State.DELIVERED for one in reports for each in one.deliveries)
        return [
            {
                "done": not self._hub.tokens.gate.open,
                "text": "设置令牌",
                "advice": "在 .env 里写上 REPORT_TOKEN=一串随机字符，再重新启动",
            },
            {
                "done": bool(self._hub.directory.superusers),
                "text": "写上你的 QQ 号",
                "advice": '在 .env 里写上 SUPERUSERS=["你的 QQ 号"]，再重新启动',
            },
            {
                "done": any(online for _, _, online in self._hub.bots()),
                "text": "连上 QQ 机器人",
                "advice": f"在 NapCat、LLBot、Lagrange 里添加反向 WebSocket，Token {token}",
                "copy": onebot_url(),
            },
            {
                "done": pushed,
                "text": "收到工具的第一条推送",
                "advice": "在下面找到你的工具，把地址填进去，点它的「测试」",
            },
            {
                "done": arrived,
                "text": "第一条推送送到了",
                "advice": "在下面发一条测试推送，看它送到没有",
            },
        ]

    async def _recent(self, viewer: Viewer) -> Sequence[ReportView]:
        """Read the last reports; none where the store fails, which the findings report."""
        try:
            return (
                await self._hub.archive.of(viewer.holder).part(EVERYTHING, Criteria(), RECENT)
            ).views
        except StoreUnavailable:
            return ()

    async def findings(self, _: Request, viewer: Viewer) -> Response:
        """doctor 会说的：哪里不对，怎么改。"""
        require_master(viewer)
        hub = self._hub
        folder = hub.files and hub.files.absolute().parent
        # In a thread: a disk may be slow, and misspelt names are compared with all others.
        findings = await asyncio.to_thread(lambda: [*of_settings(hub.config), *of_machine(folder)])
        findings += of_running(hub, await hub.health(detailed=True))
        return json_answer({"findings": [asdict(one) for one in findings]})
