"""Routes that read the request themselves."""

from collections.abc import Awaitable, Callable

import httpx2
from fastapi import FastAPI, Request, Response

from nonebot_plugin_report.web.asgi import PlainRoute


async def test_what_other_plugins_put_before_all_routes_sees_each_push() -> None:
    app = FastAPI()

    async def push(request: Request) -> Response:
        return Response(await request.body())

    async def mark(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await go_on(request)
        answer.headers["x-other-plugin"] = "was here"
        return answer

    app.middleware("http")(mark)
    app.router.add_api_route("/report", push, methods=["POST"], route_class_override=PlainRoute)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://a") as client:
        answer = await client.post("/report", content=b"no json", headers={"content-type": "x/y"})
    assert (answer.content, answer.headers["x-other-plugin"]) == (b"no json", "was here")
