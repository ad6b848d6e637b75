"""A push's way past the web framework: what others rely on still stands before it."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response

from nonebot_plugin_report.web.asgi import add_shortcut, plain


async def endpoint(request: Request) -> Response:
    return Response(await request.body(), 418 if request.url.query else 200)


def app() -> FastAPI:
    """An app with a middleware of another plugin, and with our shortcut."""
    made = FastAPI()

    async def mark(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await go_on(request)
        answer.headers["x-other-plugin"] = "was here"
        return answer

    made.middleware("http")(mark)
    add_shortcut(made, ["/report", "/report/"], plain(endpoint))
    return made


class Server:
    """The server's side of one request."""

    access_log = True

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


async def ask(asked: FastAPI, method: str, path: str, query: bytes = b"") -> Server:
    server = Server(b"words")
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": query, "headers": [], "root_path": "", "scheme": "http",
        "http_version": "1.1", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    await asked(scope, server.receive, server.send)
    return server


async def test_the_middlewares_of_other_plugins_see_each_push() -> None:
    server = await ask(app(), "POST", "/report/")
    head, body = server.sent[:2]
    assert (head["status"], body["body"]) == (200, b"words")
    assert (b"x-other-plugin", b"was here") in head["headers"]


async def test_what_is_no_push_goes_on_to_the_others() -> None:
    made = app()
    assert (await ask(made, "GET", "/report")).sent[0]["status"] == 404
    assert (await ask(made, "POST", "/report/more")).sent[0]["status"] == 404


async def test_only_a_push_that_was_taken_gets_no_line_of_the_web_server() -> None:
    made = FastAPI()
    add_shortcut(made, ["/report"], plain(endpoint))
    assert not (await ask(made, "PUT", "/report")).access_log
    assert (await ask(made, "PUT", "/report", b"bad")).access_log
