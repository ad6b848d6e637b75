"""A client of the running bot, for all commands that need it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Self, cast
from urllib.parse import quote, urlencode

import httpx2

from ..doctor.addresses import address, push_url
from ..errors import NotDone
from ..model.delivery import Delivered, NotSent, Outcome, Rejected, Unknown
from ..model.text import clean
from ..sources.bodies.form import begins_like_json
from .bot import masked, token

LOOK_SECONDS: Final = 2.0
"""Seconds of silence after which a program on the port is not ours: our plugin answers this
request at once, whatever else it does."""
ANSWER_SECONDS: Final = 30.0
"""Seconds for a push, whose picture is written to disk."""
_POLL_SECONDS: Final = 0.2
_STATUSES: Final = ("ok", "error")


class Answerer(Enum):
    """Which program answers on the bot's port."""

    NOBODY = "nobody"
    SILENT = "silent"
    """A program that does not answer."""
    OTHER = "other"
    """A program that answers something else."""
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A report that the bot stored."""

    id: str
    status: str
    targets: tuple[str, ...]
    answer: Mapping[str, Any]
    """The whole answer of the bot."""


class Client:
    """A client of the running bot; used in `async with`."""

    def __init__(self, url: str | None = None, secret: str | None = None) -> None:
        """`url` is the push address, `secret` the token; by default those of the settings."""
        self._known = url is not None
        self._url = url or push_url()
        self._secret = token() if secret is None else secret
        # No proxy of the environment: it could not reach this machine's own address.
        self._http = httpx2.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def look(self) -> Answerer:
        """Find out which program answers at the bot's address."""
        try:
            async with asyncio.timeout(2 * LOOK_SECONDS):  # from connecting to the last byte
                # Without the token: the program may not be ours.
                answer = await self._http.get(f"{push_url()}/health", timeout=LOOK_SECONDS)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            return Answerer.NOBODY
        except (TimeoutError, httpx2.TimeoutException):
            return Answerer.SILENT
        except httpx2.HTTPError:
            return Answerer.OTHER
        return Answerer.OURS if _fields(answer).get("status") in _STATUSES else Answerer.OTHER

    async def require(self) -> None:
        """Go on only where our plugin answers at the bot's address.

        Raises:
            NotDone: another program answers, or none.
        """
        match await self.look():
            case Answerer.OURS:
                return
            case Answerer.NOBODY:
                raise NotDone(
                    f"连不上机器人：{address()} 上没有机器人在运行",
                    "启动机器人；若端口不同，检查 .env 的 HOST 和 PORT",
                )
            case Answerer.SILENT:
                raise NotDone(f"{address()} 上的程序没有回答，多半不是本插件", who_has_port())
            case Answerer.OTHER:
                raise NotDone(
                    f"{push_url()} 上不是本插件在回答",
                    f"检查 PORT 与 REPORT_ROUTE，并确认机器人加载了本插件；{who_has_port()}",
                )

    async def health(self) -> dict[str, Any]:
        """Read the running bot's health.

        Raises:
            NotDone: the bot does not answer, stores nothing, or has another token.
        """
        answer = await self._send("GET", f"{self._base()}/health?detail")
        fields = _fields(answer)
        if fields.get("status") not in _STATUSES:
            raise self._not_ours(answer)
        if isinstance(reason := fields.get("error"), str):
            raise NotDone(f"机器人在运行，但收不下推送：{self._printable(reason)}")
        if "bots" not in fields:
            raise NotDone(
                "机器人在运行，但令牌和这里的不一样",
                "机器人启动后改过令牌的话，重新启动它；并在机器人的文件夹里运行这个命令",
            )
        return fields

    async def push(self, fields: Mapping[str, Any]) -> Accepted:
        """Push fields once.

        Raises:
            NotDone: the push was not accepted.
        """
        return await self._pushed(self._url, json=fields)

    async def push_body(self, content: bytes, query: Mapping[str, str]) -> Accepted:
        """Push a body as it is; `query` is added to the push address.

        Raises:
            NotDone: the push was not accepted.
        """
        is_json = begins_like_json(content)
        kind = "application/json" if is_json else "application/x-www-form-urlencoded"
        joint = "&" if "?" in self._url else "?"
        url = f"{self._url}{joint}{urlencode(query)}"
        return await self._pushed(url, content=content, headers={"Content-Type": kind})

    async def _pushed(self, url: str, **sent: Any) -> Accepted:
        if not self._known:
            await self.require()
        answer = await self._send("POST", url, **sent)
        fields = _fields(answer)
        if not answer.is_success:
            if isinstance(reason := fields.get("error"), str):
                raise NotDone(f"没有收下（{answer.status_code}）：{self._printable(reason)}")
            raise self._not_ours(answer)
        try:
            targets = tuple(str(delivery["target"]) for delivery in fields["deliveries"])
            return Accepted(str(fields["id"]), str(fields["status"]), targets, fields)
        except (KeyError, TypeError):
            raise self._not_ours(answer) from None

    async def outcomes(
        self,
        report_id: str,
        *,
        on_outcome: Callable[[str, Outcome], None] | None = None,
        until_final: bool,
        seconds: float,
    ) -> dict[str, Outcome]:
        """Wait for the outcome of each of a report's deliveries.

        Args:
            report_id: the report's id.
            on_outcome: called with each target and its outcome as it comes.
            until_final: also wait for parked deliveries, rather than only report them.
            seconds: most seconds to wait; deliveries that wait still are returned as `NotSent`.

        Raises:
            NotDone: the bot does not answer as ours does.
        """
        outcomes: dict[str, Outcome] = {}
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            late = asyncio.get_running_loop().time() >= deadline
            waiting = False
            for target, state, reason in await self._states(report_id):
                if target in outcomes:
                    continue
                outcome = _outcome(
                    state, reason, give_up=late or (bool(reason) and not until_final)
                )
                if outcome is None:
                    waiting = True
                else:
                    outcomes[target] = outcome
                    if on_outcome is not None:
                        on_outcome(target, outcome)
            if not waiting:
                return outcomes
            await asyncio.sleep(_POLL_SECONDS)

    async def unread(self, source: str) -> bytes:
        """Get the last body that the bot could not read as a source's.

        Raises:
            NotDone: there is none, or the bot does not answer as ours does.
        """
        await self.require()
        answer = await self._send("GET", f"{self._base()}/unread/{quote(source, safe='')}")
        if answer.is_success:
            return answer.content
        if isinstance(reason := _fields(answer).get("error"), str):
            raise NotDone(f"没有来源 {source} 的内容：{self._printable(reason)}")
        raise self._not_ours(answer)

    async def _states(self, report_id: str) -> list[tuple[str, str, str]]:
        answer = await self._send("GET", f"{self._base()}/{report_id}")
        try:
            deliveries = _fields(answer)["deliveries"]
            return [
                (str(each["target"]), str(each["state"]), clean(each["reason"] or ""))
                for each in deliveries
            ]
        except (KeyError, TypeError):
            raise self._not_ours(answer) from None

    async def _send(self, method: str, url: str, **sent: Any) -> httpx2.Response:
        headers: dict[str, str] = sent.pop("headers", {})
        if self._secret.isascii() and self._secret:
            headers["Authorization"] = f"Bearer {self._secret}"
        elif self._secret:  # a header takes only ASCII
            url = f"{url}{'&' if '?' in url else '?'}token={quote(self._secret, safe='')}"
        try:
            return await self._http.request(method, url, headers=headers, **sent)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            kind = type(error).__name__
            raise NotDone(f"连不上机器人（{kind}）", "它在运行吗？可以用 doctor 检查") from error

    def _not_ours(self, answer: httpx2.Response) -> NotDone:
        where = self._printable(self._base())
        advice = "检查网址、PORT 与 REPORT_ROUTE"
        return NotDone(f"{where} 上不是本插件在回答（HTTP {answer.status_code}）", advice)

    def _base(self) -> str:
        return self._url.partition("?")[0].rstrip("/")

    def _printable(self, text: str) -> str:
        return masked(clean(text).replace(self._secret, "…") if self._secret else clean(text))


def who_has_port() -> str:
    """Say how a user finds out which program has the bot's port (Chinese)."""
    port = address().rpartition(":")[2]
    return f"看是谁占用了端口：Windows 运行 netstat -ano | findstr :{port}，Linux 运行 ss -ltnp | grep :{port}"  # noqa: E501 - one line to copy


def _fields(answer: httpx2.Response) -> dict[str, Any]:
    """Read an answer as a JSON object; empty where it is something else."""
    try:
        content: object = answer.json()
    except ValueError:
        return {}
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}


def _outcome(state: str, reason: str, *, give_up: bool) -> Outcome | None:
    match state:
        case "delivered":
            return Delivered(reason)
        case "waiting":
            return NotSent(reason or "机器人收下了，但还没有送到") if give_up else None
        case "unconfirmed":
            return Unknown(reason)
        case _:
            return Rejected(reason)
