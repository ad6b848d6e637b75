"""What the routes of other services' APIs share: who asks, the body within bounds, the hub.

Whatever can push to such a service is pointed here by its address alone, so each API answers in its
own words; the token stands beside the body, as its clients write it.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from ...errors import InvalidReport, NotFound, Refused, UnsupportedMedia
from ...hub import Hub
from ...model.grant import Grant
from ...model.report import Report
from ...model.status import Receipt
from ...sources.bodies.decode import decode
from ...sources.bodies.form import read_any_form
from ...sources.bodies.multipart import decode_multipart, read_boundary
from ..body import Intake, discard
from ..caller import Callers, refuse_prefetching
from ..head import headers_of, query_of
from ..outgoing import Outgoing
from ..refusals import DISCARD_FACTOR, Refusals

T = TypeVar("T")

METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""All of them: for what answers who asks for something that is not there."""
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


class Entrance:
    """Admits callers and reads their bodies."""

    def __init__(
        self, hub: Hub, callers: Callers, intake: Intake, refusals: Refusals, outgoing: Outgoing
    ) -> None:
        self.hub: Final = hub
        self.outgoing: Final = outgoing
        self._callers = callers
        self._intake = intake
        self._refusals = refusals
        self._limit = hub.config.report_max_body

    @property
    def open(self) -> bool:
        """Whether anybody may push."""
        return self._callers.open

    def knows(self, token: str) -> bool:
        """Whether a token is right; does not count as an attempt."""
        return self._callers.knows(token)

    def admit(self, request: Request, path_token: str | None = None) -> Grant:
        """The grant of a caller, from a token beside the body.

        Raises:
            Forbidden: it is missing or wrong, or a web page asks and no token is set; or a browser
                only prepares for a page.
            TooManyAttempts: there were too many wrong ones.
            UnsupportedMedia: no token is set, and a web page could send such a request.
        """
        if request.method in ("GET", "HEAD"):
            refuse_prefetching(request)
        grant = self._callers.require(self._callers.identify(request, path_token))
        if self._callers.open and (request.method != "POST" or media_type(request) != JSON):
            raise UnsupportedMedia("没有设置 REPORT_TOKEN 时只接受 POST 和 application/json")
        return grant

    async def read(
        self, request: Request, grant: Grant, job: Callable[[bytes | bytearray], T]
    ) -> T:
        """Read a body and process it; a large one in a thread.

        Raises:
            Refused: it could not be read, or whatever `job` raises.
        """
        try:
            body = await self._intake.read(request, grant)
        except ClientDisconnect:
            raise InvalidReport("body", "没有收完") from None
        async with body:
            return await body.work(job)

    async def push(
        self,
        request: Request,
        read: Callable[[bytes | bytearray], Report],
        answer: Callable[[Report, Receipt], Response],
        refusal: Callable[[Refused], Response],
    ) -> Response:
        """Take a push.

        Args:
            request: the push.
            read: makes a report of the body.
            answer: says that it was taken.
            refusal: says that it was not.
        """
        grant = None
        try:
            grant = self.admit(request)
            report = await self.read(request, grant, read)
            receipt = await self.hub.submit(report, grant)
        except Refused as error:
            await self.refuse(error, request, trusted=grant is not None)
            return refusal(error)
        return answer(report, receipt)

    async def refuse(self, error: Refused | NotFound, request: Request, *, trusted: bool) -> None:
        """Log why a request is refused, and get ready to answer it."""
        await discard(request, self._limit * (DISCARD_FACTOR if trusted else 1))
        if isinstance(error, Refused):
            self._refusals.log(error, self._callers.address(request))
            await self._refusals.hold_back(error)


def media_type(request: Request) -> str:
    """A request's media type, without parameters."""
    return headers_of(request).get("content-type", "")[:256].partition(";")[0].strip().lower()


def query_fields(request: Request) -> dict[str, object]:
    """The query's fields."""
    return dict(query_of(request))


def body_fields(content: bytes | bytearray, request: Request) -> dict[str, object]:
    """The fields of a JSON object or a form, also one with files; none of an empty body.

    Raises:
        InvalidReport: it cannot be read.
        UnsupportedMedia: it is neither.
    """
    if not content:
        return {}
    media = media_type(request)
    if media == FORM:
        return read_any_form(content)
    if media == JSON:
        return decode(content)
    if media == MULTIPART:
        return decode_multipart(content, read_boundary(request.headers["content-type"][:256]))
    raise UnsupportedMedia("请求体应为 JSON（application/json）或表单")
