"""Routes whose endpoints read the request themselves."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute

READY: Final = "nonebot_plugin_report_ready"
"""Set in the state of an application that is our own: the ready bot's."""
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class PlainRoute(APIRoute):
    """A route that FastAPI only documents: it parses nothing of the request.

    https://fastapi.tiangolo.com/how-to/custom-request-and-route/
    """

    def get_route_handler(self) -> Endpoint:
        """The endpoint itself."""
        return self.endpoint
