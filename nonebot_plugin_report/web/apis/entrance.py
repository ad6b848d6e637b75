"""What the routes of other services' APIs share: who asks, the body within bounds, the hub.

Whatever can push to such a service is pointed here by its address alone, so each API answers in its
own words; the token stands beside the body, as its clients write it.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, TypeVar

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from ...errors import InvalidReport, NotFound, Refused, UnsupportedMedia
from ...hub import Hub
from ...model.grant import Grant
from ...model.report import Report
from ...model.status import Receipt
from ...model.text import clean
from ...sources.bodies.decode import Fields
from ...sources.bodies.form import begins_like_json, read_any_form
from ...sources.bodies.mend import decode_json
from ...sources.bodies.multipart import decode_multipart, read_boundary
from ..body import Intake, discard
from ..caller import BodyTokens, Caller, Callers, refuse_prefetching
from ..credentials import Credential
from ..head import headers_of, query_of
from ..outgoing import Outgoing
from ..refusals import DISCARD_FACTOR, Refusals

T = TypeVar("T")

METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""All of them: for what answers who asks for something that is not there."""
DISTRIBUTION: Final = "nonebot-plugin-report-hub"
"""This program, as it names itself to clients that ask."""
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
_FORM_START: Final = re.compile(rb"\s{0,99}[A-Za-z_]\w{0,99}=")


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

    def admit(self, request: Request, path_tokens: Iterable[Credential] = ()) -> Grant:
        """The grant of a caller, from a token beside the body.

        Raises:
            Refused: as `identify`, or the token is missing.
        """
        return self._callers.require(self.identify(request, path_tokens))

    def identify(self, request: Request, path_tokens: Iterable[Credential] = ()) -> Caller:
        """Identify a caller by everything except the body.

        Raises:
            Forbidden: it is missing or wrong, or a web page asks and no token is set; or a browser
                only prepares for a page.
            TooManyAttempts: there were too many wrong ones.
            UnsupportedMedia: no token is set, and a web page could send such a request.
        """
        if request.method in ("GET", "HEAD"):
            refuse_prefetching(request)
        caller = self._callers.identify(request, path_tokens)
        if self._callers.open and (request.method != "POST" or media_type(request) != JSON):
            raise UnsupportedMedia("没有设置 REPORT_TOKEN 时只接受 POST 和 application/json")
        return caller

    async def read(
        self,
        request: Request,
        grant: Grant | None,
        job: Callable[[bytes | bytearray], T],
        finder: BodyTokens | None = None,
    ) -> T:
        """Read a body and process it; a large one in a thread. Without a grant, `finder` looks for
        the token in it.

        Raises:
            Refused: it could not be read, or whatever `finder` or `job` raises.
        """
        try:
            body = await self._intake.read(request, grant, finder)
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
        path_tokens: Iterable[Credential] = (),
        *,
        in_body: bool = False,
    ) -> Response:
        """Take a push.

        Args:
            request: the push.
            read: makes a report of the body.
            answer: says that it was taken.
            refusal: says that it was not.
            path_tokens: what may be a token in the path.
            in_body: whether the token may stand in the body.
        """
        grant = None
        try:
            caller = self.identify(request, path_tokens)
            grant = caller.grant if in_body else self._callers.require(caller)
            finder = self._callers.finder(caller) if grant is None else None
            report = await self.read(request, grant, read, finder)
            grant = grant or (finder and finder.grant) or self._callers.require(caller)
            receipt = await self.hub.submit(report, grant)
        except Refused as error:
            await self.refuse(error, request, grant)
            return refusal(error)
        return answer(report, receipt)

    async def refuse(
        self, error: Refused | NotFound, request: Request, grant: Grant | None
    ) -> None:
        """Log why a request is refused, and get ready to answer it; `grant` is its token's."""
        await discard(request, self._limit * (DISCARD_FACTOR if grant else 1))
        if isinstance(error, Refused):
            await self._refusals.note(error, request, self._callers.address(request), grant)
            await self._refusals.hold_back(error)


def media_type(request: Request) -> str:
    """A request's media type, without parameters."""
    return headers_of(request).get("content-type", "")[:256].partition(";")[0].strip().lower()


def read_fields(content: bytes | bytearray, request: Request) -> Fields:
    """Read a request's fields: those of its query, and of its body, which win.

    Raises:
        InvalidReport: the body cannot be read.
    """
    fields = _body_fields(content, request)
    return Fields({**query_of(request), **fields}, *fields.notes)


def _body_fields(content: bytes | bytearray, request: Request) -> Fields:
    """Read a body's fields. What it is called counts only where it may be true: many clients call
    their JSON a form or text, or nothing at all, or write it in GBK."""
    if not content or content.isspace():
        return Fields()
    media = media_type(request)
    if media == MULTIPART:
        return decode_multipart(content, read_boundary(request.headers["content-type"][:256]))
    if begins_like_json(content):
        return _read_json(content)
    if media == FORM or (media != JSON and _FORM_START.match(content)):
        return Fields(read_any_form(content))
    return _read_json(content)


def _read_json(content: bytes | bytearray) -> Fields:
    fields = decode_json(content)
    if fields.notes:
        raise InvalidReport("body", "应为 JSON 或表单")
    return fields


def with_notes(report: Report, fields: Fields) -> Report:
    """Add to a report what could not be read of its body."""
    return replace(report, cut=(*map(clean, fields.notes), *report.cut)) if fields.notes else report
