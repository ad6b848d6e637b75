"""The HTTP routes. A push goes: caller, body, report, hub, answer."""

from functools import partial
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect

from ..doctor.findings import of_running
from ..errors import Forbidden, Refused
from ..hub import Hub
from ..model.numbers import MAX_ID_LENGTH
from ..model.text import clean
from ..sources.bodies.decode import decode
from ..sources.body import Decode, Pushed, read_report
from ..sources.onebot import SENDS
from . import openapi
from .answers import error_answer, health_json, json_answer, state_json, taken_answer
from .apis.beat import BeatApi
from .apis.entrance import METHODS, Entrance
from .apis.gotify import GotifyApi
from .apis.ntfy import NtfyApi
from .apis.onebot import OneBotApi
from .asgi import PlainRoute
from .body import Intake, discard
from .caller import Callers, refuse_prefetching
from .content import context, decoder_for, query_body, read_signed
from .guard import Guard
from .head import headers_of, query_of
from .metrics import Metrics
from .net import Net
from .outgoing import Outgoing
from .page.entry import Page
from .refusals import DISCARD_FACTOR, Refusals
from .websocket import Sessions

MISPLACED: Final = {**dict.fromkeys(SENDS, "onebot"), "message": "gotify"}
"""Where clients go whose server's address is the push address: to which API."""


class Receiver:
    """The routes of a hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limit = hub.config.report_max_body
        self._callers = Callers(
            hub.tokens.gate, hub.config.report_trusted_proxies, hub.config.report_public_url or ""
        )
        self._intake = Intake(self._limit)
        self._refusals = Refusals(hub.tally)
        self._guard = Guard(self._callers, self._refusals, self._limit)
        self._net = Net()
        self._sessions = Sessions(hub, self._callers, self._intake, self._refusals)
        self._outgoing = Outgoing()
        self._entrance = Entrance(hub, self._callers, self._intake, self._refusals, self._outgoing)
        self._page = Page(hub, self._callers, self._refusals, self._outgoing, self.elsewhere)
        self.metrics: Final = Metrics(hub, self._callers, self._refusals)

    def mount(self, app: FastAPI) -> None:
        """Add the routes, each with and without a trailing slash: a redirect would lose a POST."""
        route, add = self._hub.config.report_route, app.router.add_api_route
        others = len(app.router.routes)
        for slash in ("", "/"):
            documented = not slash
            for method in ("POST", "PUT"):  # `curl -T` writes PUT
                add(
                    f"{route}{slash}", self.push, route_class_override=PlainRoute,
                    methods=[method], summary="推送一条消息", tags=["report"],
                    dependencies=openapi.TOKEN, openapi_extra=openapi.PUSH,
                    responses=openapi.PUSH_ANSWERS,
                    include_in_schema=documented and method == "POST",
                )  # fmt: skip
            add(
                f"{route}/push{slash}", self.push_by_get, route_class_override=PlainRoute,
                methods=["GET"], summary="只用网址推送一条消息", tags=["report"],
                dependencies=openapi.TOKEN, openapi_extra=openapi.GET_QUERY,
                responses=openapi.GET_ANSWERS, include_in_schema=documented,
            )  # fmt: skip
            app.add_api_websocket_route(f"{route}/ws{slash}", self._sessions.serve)
            add(
                f"{route}/health{slash}", self.health, methods=["GET"], summary="能否收下推送",
                tags=["report"], dependencies=openapi.TOKEN, responses=openapi.HEALTH_ANSWERS,
                openapi_extra=openapi.HEALTH_QUERY, include_in_schema=documented,
            )  # fmt: skip
            app.router.add_route(
                f"{route}/metrics{slash}", self.metrics.scrape, include_in_schema=False
            )
            app.router.add_route(
                f"{route}/unread/{{source}}{slash}", self.unread, include_in_schema=False
            )
        for api in (OneBotApi, GotifyApi, NtfyApi, BeatApi):
            api(self._entrance).mount(app, route)
        self._page.mount(app)
        for slash in ("", "/"):
            add(
                f"{route}/{{report_id}}{slash}", self.state, methods=["GET"],
                summary="一条推送的状态", tags=["report"], dependencies=openapi.TOKEN,
                responses=openapi.STATE_ANSWERS, openapi_extra=openapi.STATE_PATH,
                include_in_schema=not slash,
            )  # fmt: skip
        for path in (route, f"{route}/{{rest:path}}"):
            app.router.add_route(path, self.elsewhere, methods=METHODS, include_in_schema=False)
        # Before everybody else's, with each of which a push would be compared.
        routes = app.router.routes
        routes[:] = [*routes[others:], *routes[:others]]
        ours = routes[: len(routes) - others]
        self._guard.stand_before(ours)
        self._net.stretch(ours)

    def mount_last(self, app: FastAPI) -> None:
        """Add what is not below our own path, when everybody else has added theirs."""
        others = len(app.router.routes)
        BeatApi(self._entrance).mount_at_root(app)
        self._guard.stand_before(app.router.routes[others:])
        self._net.stretch(app.router.routes[others:])

    async def push(self, request: Request) -> Response:
        """收下一条推送；回答 200 表示已经存盘，并会送达。"""
        callers, grant = self._callers, None
        try:
            caller = callers.identify(request)
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
            return await self._refuse(error, request)
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
                grant = grant or callers.admit(pushed.token, caller)
                return taken_answer(await self._hub.take(pushed, grant), pushed.answer)
        except Refused as error:
            return await self._refuse(error, request)

    def _read(self, request: Request, decoder: Decode, content: bytearray) -> Pushed:
        """What a body says, with what stands beside it."""
        beside = context(query_of(request), headers_of(request))
        own = self._hub.config.report_sources
        return read_report(content, decode=decoder, beside=beside, own=own)

    async def push_by_get(self, request: Request) -> Response:
        """收下一条推送，内容都在网址里；只给别的都做不到的工具用。"""
        try:
            refuse_prefetching(request)
            caller = self._callers.identify(request)
            if self._callers.open:
                raise Forbidden("没有设置 REPORT_TOKEN 时不能用 GET 推送：任何网页都能发出它")
            grant = self._callers.require(caller)
            source = {"source": query_of(request).get("source", "")}
            pushed = read_report(
                query_body(request.scope["query_string"]),
                decode=decode,
                beside=context(source, headers_of(request)),
                own=self._hub.config.report_sources,
            )
            answer = taken_answer(await self._hub.take(pushed, grant), pushed.answer)
        except Refused as error:
            return await self._refuse(error, request)
        answer.headers["Cache-Control"] = "no-store"  # the next one is another push
        return answer

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

    async def elsewhere(self, request: Request) -> Response:
        """What is below our route and none of the above."""
        await discard(request, self._limit)
        route = self._hub.config.report_route
        usage = (
            f"推送：POST {route}；只能用 GET 的工具：GET {route}/push；"
            f"状态：GET {route}/编号；检查：GET {route}/health"
        )
        rest = str(request.path_params.get("rest", "")).strip("/")
        if api := MISPLACED.get(rest):
            return error_answer(404, f"{api} 的服务器地址应写成 {route}/{api}")
        if "/" in rest:
            return error_answer(404, f"没有这个地址。{usage}")
        answer = error_answer(405, f"这个地址不能这样用。{usage}")
        answer.headers["Allow"] = "GET" if rest else "POST, PUT"
        return answer

    async def _refuse(self, error: Refused, request: Request) -> Response:
        self._refusals.log(error, self._callers.address(request))
        return await self._refusals.answer(error)
