"""The HTTP routes. A push goes: caller, body, report, hub, answer."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect

from ..doctor.findings import of_running
from ..errors import Forbidden, InvalidReport, Refused
from ..hub import Hub
from ..model.grant import Grant
from ..model.numbers import MAX_ID_LENGTH
from ..model.text import clean
from ..sources.bodies.decode import decode
from ..sources.body import Decode, Pushed, read_report
from . import openapi
from .answers import error_answer, health_json, json_answer, state_json, taken_answer
from .apis.apprise import AppriseApi
from .apis.bark import BarkApi
from .apis.beat import BeatApi
from .apis.entrance import Entrance
from .apis.gotify import GotifyApi
from .apis.ntfy import NtfyApi
from .apis.onebot import OneBotApi
from .apis.qmsg import QmsgApi
from .apis.synology import SynologyApi
from .apis.telegram import TelegramApi
from .asgi import PlainRoute
from .astray import WRONG_PATHS, Astray
from .body import Intake, discard, has_body
from .caller import Callers, refuse_prefetching
from .content import context, decoder_for, query_body, read_signed
from .credentials import Credential
from .elsewhere import Elsewhere, Root
from .guard import Guard
from .head import headers_of, query_of
from .metrics import Metrics
from .net import Net
from .outgoing import Outgoing
from .page.entry import Page
from .refusals import DISCARD_FACTOR, Refusals
from .websocket import Sessions

APIS: Final = (
    OneBotApi, GotifyApi, NtfyApi, BarkApi, TelegramApi, QmsgApi, AppriseApi, SynologyApi, BeatApi,
)  # fmt: skip


class Receiver:
    """The routes of a hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limit = hub.config.report_max_body
        self._callers = Callers(
            hub.tokens.gate, hub.config.report_trusted_proxies, hub.config.report_public_url or ""
        )
        self._intake = Intake(self._limit)
        self._refusals = Refusals(hub.tally, hub.refuse)
        self._guard = Guard(self._callers, self._refusals, self._limit)
        self._net = Net()
        self._astray = Astray(hub.config.report_route, hub.note_astray)
        self._sessions = Sessions(hub, self._callers, self._intake, self._refusals, self._astray)
        self._outgoing = Outgoing()
        self._entrance = Entrance(hub, self._callers, self._intake, self._refusals, self._outgoing)
        self._page = Page(hub, self._callers, self._refusals, self._outgoing, self._visit)
        self.metrics: Final = Metrics(hub, self._callers, self._refusals)

    def mount(self, app: FastAPI) -> None:
        """Add the routes."""
        self._elsewhere = Elsewhere(
            app,
            self._hub.config.report_route,
            self._limit,
            self._push,
            self._push_by_get,
            self._astray,
        )
        others = len(app.router.routes)
        self._mount_own(app)
        for api in APIS:
            api(self._entrance).mount(app, self._hub.config.report_route)
        self._page.mount(app)
        self._mount_rest(app)
        # Before everybody else's, with each of which a push would be compared.
        routes = app.router.routes
        routes[:] = [*routes[others:], *routes[:others]]
        ours = routes[: len(routes) - others]
        self._guard.stand_before(ours)
        self._net.stretch(ours)

    def _mount_own(self, app: FastAPI) -> None:
        route, add = self._hub.config.report_route, app.router.add_api_route
        for method in ("POST", "PUT"):  # `curl -T` writes PUT
            add(
                route, self.push, route_class_override=PlainRoute, methods=[method],
                summary="推送一条消息", tags=["report"], dependencies=openapi.TOKEN,
                openapi_extra=openapi.PUSH, responses=openapi.PUSH_ANSWERS,
                include_in_schema=method == "POST",
            )  # fmt: skip
        add(
            f"{route}/push", self.push_by_get, route_class_override=PlainRoute, methods=["GET"],
            summary="只用网址推送一条消息", tags=["report"], dependencies=openapi.TOKEN,
            openapi_extra=openapi.GET_QUERY, responses=openapi.GET_ANSWERS,
        )  # fmt: skip
        app.add_api_websocket_route(f"{route}/ws", self._sessions.serve)
        add(
            f"{route}/health", self.health, methods=["GET"], summary="能否收下推送",
            tags=["report"], dependencies=openapi.TOKEN, responses=openapi.HEALTH_ANSWERS,
            openapi_extra=openapi.HEALTH_QUERY,
        )  # fmt: skip
        app.router.add_route(f"{route}/metrics", self.metrics.scrape, include_in_schema=False)
        app.router.add_route(f"{route}/unread/{{source}}", self.unread, include_in_schema=False)

    def _mount_rest(self, app: FastAPI) -> None:
        """Add the routes that take what no other one does."""
        route, add = self._hub.config.report_route, app.router.add_route
        app.router.add_api_route(
            f"{route}/{{report_id}}", self.state, methods=["GET"], summary="一条推送的状态",
            tags=["report"], dependencies=openapi.TOKEN, responses=openapi.STATE_ANSWERS,
            openapi_extra=openapi.STATE_PATH,
        )  # fmt: skip
        for path in (route, f"{route}/{{rest:path}}"):
            add(path, self._elsewhere, include_in_schema=False)  # pyright: ignore[reportArgumentType] - Starlette takes applications, too
        app.router.add_websocket_route(f"{route}/{{rest:path}}", self._elsewhere)  # pyright: ignore[reportArgumentType] - the same

    def mount_last(self, app: FastAPI, *, at_root: bool) -> None:
        """Add what is not below our own path, when everybody else has added theirs.

        With `at_root` the application is our own, and clients that drop the path of an address find
        their doors there.
        """
        others = len(app.router.routes)
        BeatApi(self._entrance).mount_at_root(app)
        if at_root:
            root = Root(app, self._hub.config.report_route, app.router.not_found, self._astray)
            app.router.add_route("/{rest:path}", root, include_in_schema=False)  # pyright: ignore[reportArgumentType] - Starlette takes applications, too
            app.router.add_websocket_route("/{rest:path}", root)  # pyright: ignore[reportArgumentType] - the same
        for path in () if at_root else WRONG_PATHS:
            app.router.add_websocket_route(path, self._astray)  # pyright: ignore[reportArgumentType] - the same
        self._guard.stand_before(app.router.routes[others:])
        self._net.stretch(app.router.routes[others:])

    async def push(self, request: Request) -> Response:
        """收下一条推送；回答 200 表示已经存盘，并会送达。"""
        return await self._push(request, ())

    async def _push(self, request: Request, path_tokens: Sequence[Credential]) -> Response:
        callers, grant = self._callers, None
        try:
            if self._astray.notice(request.scope):
                raise InvalidReport("地址", "这是推送的地址，不收 OneBot 的事件")
            caller = callers.identify(request, path_tokens)
            grant, signature = caller.grant, callers.signature(request)
            headers = headers_of(request)
            decoder = decoder_for(
                headers,
                is_open=callers.open,
                has_token=caller.token is not None or bool(signature),
            )
            finder = callers.finder(caller, is_signed=bool(signature))
            body = await self._intake.read(request, grant, finder)
        except Refused as error:
            await discard(request, self._limit * (1 if grant is None else DISCARD_FACTOR))
            return await self._refuse(error, request, grant, is_misplaced=bool(path_tokens))
        except ClientDisconnect:
            return Response(status_code=400)  # the client is gone
        try:
            read = partial(self._read, request, decoder)
            signer = partial(callers.signer, signature=signature, token=caller.token)
            if signature:
                read = partial(read_signed, signer=signer, read=read)
            async with body:
                if (pushed := await body.work(read)) is None:
                    raise callers.wrong_signature(caller.address)
                grant = grant or finder.grant or callers.admit(pushed.token, caller)
                return taken_answer(await self._hub.take(pushed, grant), pushed.answer)
        except Refused as error:
            return await self._refuse(error, request, grant, is_misplaced=bool(path_tokens))

    def _read(self, request: Request, decoder: Decode, content: bytearray) -> Pushed:
        """What a body says, with what stands beside it."""
        beside = context(query_of(request), headers_of(request), self._hub.addressees)
        own = self._hub.config.report_sources
        return read_report(content, decode=decoder, beside=beside, own=own)

    async def push_by_get(self, request: Request) -> Response:
        """收下一条推送，内容都在网址里；只给别的都做不到的工具用。"""
        return await self._push_by_get(request, ())

    async def _push_by_get(self, request: Request, path_tokens: Sequence[Credential]) -> Response:
        grant = None
        try:
            refuse_prefetching(request)
            caller = self._callers.identify(request, path_tokens)
            if self._callers.open:
                raise Forbidden("没有设置 REPORT_TOKEN 时不能用 GET 推送：任何网页都能发出它")
            grant = self._callers.require(caller)
            if has_body(request):
                return await self._push(request, path_tokens)
            source = {"source": query_of(request).get("source", "")}
            pushed = read_report(
                query_body(request.scope["query_string"]),
                decode=decode,
                beside=context(source, headers_of(request), self._hub.addressees),
                own=self._hub.config.report_sources,
            )
            answer = taken_answer(await self._hub.take(pushed, grant), pushed.answer)
        except Refused as error:
            return await self._refuse(error, request, grant, is_misplaced=bool(path_tokens))
        answer.headers["Cache-Control"] = "no-store"  # the next one is another push
        return answer

    async def _visit(self, request: Request) -> Response:
        return await self._elsewhere.visit(request)

    async def state(self, request: Request) -> Response:
        """一条推送，以及它到每个接收者的状态。"""
        # Not by a parameter of ours: for one, FastAPI loads all of pydantic's version 1.
        report_id = str(request.path_params["report_id"])
        try:
            caller = self._callers.identify(request)
            grant = self._callers.require(caller)
            may_exist = len(report_id) <= MAX_ID_LENGTH
            state = await self._hub.state(clean(report_id), grant) if may_exist else None
        except Refused as error:
            return await self._refusals.answer(error)
        if state is None:
            return error_answer(404, "没有这条推送")
        return json_answer(state_json(state, self._hub.clock()))

    async def health(self, request: Request) -> Response:
        """能否收下推送；带 REPORT_TOKEN 时还有机器人、积压与原因。"""
        try:
            caller = self._callers.identify(request)
            grant = self._callers.require(caller) if caller.has_wrong else caller.grant
        except Refused as error:
            return await self._refusals.answer(error)
        if grant is not None and grant.is_master:
            detailed = "detail" in query_of(request)
            health = await self._hub.health(detailed=detailed)
            findings = of_running(self._hub, health) if detailed else ()
            answer = health_json(health, findings, self._hub.clock())
            return json_answer(answer, 503 if health.fault else 200)
        fault = await self._hub.fault()
        return json_answer({"status": "error" if fault else "ok"}, 503 if fault else 200)

    async def unread(self, request: Request) -> Response:
        """一个来源最近一次读不懂的内容；要 REPORT_TOKEN。"""
        try:
            caller = self._callers.identify(request)
            grant = self._callers.require(caller)
            if not grant.is_master:
                raise Forbidden("只有 REPORT_TOKEN 能看读不懂的内容")
            body = await self._hub.unread(clean(str(request.path_params["source"])))
        except Refused as error:
            return await self._refusals.answer(error)
        if body is None:
            return error_answer(404, "这个来源一天之内没有读不懂的内容")
        return Response(body, media_type="application/octet-stream")

    async def _refuse(
        self, error: Refused, request: Request, grant: Grant | None, *, is_misplaced: bool
    ) -> Response:
        """Refuse a push; a stranger's at an address that nothing has is told the addresses."""
        await self._refusals.note(error, request, self._callers.address(request), grant)
        if is_misplaced and isinstance(error, Forbidden):
            return await self._elsewhere.refuse(request)
        return await self._refusals.answer(error)
