"""Setting it up: what is done already, and what to paste where."""

from typing import Any, Final

import nonebot
from fastapi import Request, Response

from ...access.sessions import Viewer
from ...hub import Health, Hub
from ...model.archive import EVERYTHING, Wanted
from ...model.delivery import State
from ...model.grant import OWN
from ...model.timing import moment
from ...model.tools import SECRET, TOOLS
from ..addresses import onebot_url, push_url
from ..answers import json_answer
from ..findings import warnings
from .views import Json

RECENT: Final = 20
"""Reports that are looked through for one that arrived."""


class SetupApi:
    """Answers about the set-up."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def setup(self, _: Request, viewer: Viewer) -> Response:
        """一步一步做到了哪里，哪里该填什么。"""
        config = self._hub.config
        public = config.report_public_url
        url = f"{public}{config.report_route}" if public else push_url()
        # The owner has written it, or can read it where the bot is; others have it already.
        secret = config.report_token if viewer.is_master else None
        told: Json = {
            "push": url,
            "tools": [
                {
                    "label": one.label,
                    "where": one.where,
                    "note": one.note,
                    "fields": [
                        {"name": name, "value": value}
                        for name, value in one.filled(url, secret or SECRET)
                    ],
                }
                for one in TOOLS
            ],
        }
        if viewer.is_master:
            health = await self._hub.health(detailed=True)
            told |= {"steps": await self._steps(health), "findings": self._findings(health)}
        return json_answer(told)

    async def _steps(self, health: Health) -> list[Json]:
        settings: Any = nonebot.get_driver().config
        onebot = getattr(settings, "onebot_access_token", None)
        token = "填 .env 里的 ONEBOT_ACCESS_TOKEN" if onebot else "留空"
        part = await self._hub.archive.part(EVERYTHING, Wanted(), RECENT)
        reports = [one.listed.state for one in part.shown]
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
                "done": any(online for _, _, online in health.bots),
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

    def _findings(self, health: Health) -> list[str]:
        found = [health.fault] if health.fault else []
        found += warnings(self._hub)
        found += [
            f"QQ 机器人 {bot} 已连接但不能发送：在 OneBot 实现里重新登录 QQ"
            for bot, _, online in health.bots
            if not online
        ]
        if health.refused_at is not None:
            at = moment(health.refused_at, self._hub.clock())
            found.append(
                f"{at} 有 OneBot 实现连过来，因为 Token 不对被拒绝了：把它的 Token 改成 .env 里的"
                " ONEBOT_ACCESS_TOKEN（没有设置就清空）"
            )
        if health.strangers:
            found.append(
                f"SUPERUSERS 里的 {'、'.join(health.strangers)} 不是机器人的好友，多半收不到私聊："
                "用这个 QQ 号加机器人为好友，或改 SUPERUSERS"
            )
        return found
