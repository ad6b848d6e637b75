"""Reads and processes bodies within bounds that hold for all clients together.

Bodies arrive concurrently, so that a slow client delays nobody; their memory is bounded, and large
ones go to files while they arrive. Those are processed in a thread, one at a time.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from io import BufferedRandom
from tempfile import TemporaryFile
from typing import Final, Protocol, Self, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from ..errors import BodyTooLarge, Busy, InvalidReport
from ..model.grant import Grant
from ..sources.bodies.lift import has_few_escapes
from ..sources.markup import may_be_marked
from ..store.turns import Turns
from .head import headers_of
from .inflate import Inflater
from .loop_turns import LoopTurns
from .strangers import SEARCH_SECONDS, Strangers

T = TypeVar("T")

MAX_PARTS: Final = 500
"""Marks of structure in a longer body that is processed on the event loop: a screenshot has few."""
_MARKS: Final = b'"%&<\xed\0'
"""Quotes, escapes, fields and elements; how UTF-8 has half a character; what UTF-16 is full of."""
MAX_QUOTES: Final = 500
"""Quotes and halves of characters in a small body that is processed on the event loop: to mend JSON
each is looked at."""

READ_SECONDS: Final = 60.0
"""Seconds in which a body must arrive."""
STRANGER_SECONDS: Final = 10.0
"""Seconds in which the first HEAD bytes must arrive, if there was no token beside them."""
HEAD: Final = 64 * 2**10
"""Bytes that are read of a stranger's body at once; more only in its turn (`strangers`). A body up
to this size is small, and processed at once."""
LARGE: Final = 2**20
"""A body above this size goes to a file, and is processed in a thread, one at a time."""
MEMORY: Final = 16 * 2**20
"""Bytes of smaller bodies in memory; the rest goes to files too."""
FILES: Final = 512 * 2**20
"""Bytes of bodies in files."""
ARRIVING: Final = 128
"""Concurrent bodies of one token, or without one so far."""
ARRIVING_LONG: Final = 32
"""Concurrent bodies of one token that are not small; others wait."""
WAITING_LONG: Final = 64
"""How many may wait. The web server has already read a part of each."""
WAIT_SECONDS: Final = 20.0
"""Seconds for which they wait. BetterGI gives up after 30."""
NO_ENCODING: Final = ("", "identity", "utf-8", "utf8", "gbk")
"""Values of Content-Encoding that name no compression; some clients name the charset there."""
_ARRIVED: Final = "nonebot_plugin_report.body_has_arrived"
"""Where that is noted: in the request's ASGI scope."""
# https://github.com/encode/uvicorn/issues/2722: of a request that offers another protocol,
# httptools takes no body. The ready bot reads it with h11.
LOST_BODY: Final = (
    "没有收到：客户端想换成 HTTP/2（Upgrade: h2c），网页服务器 uvicorn 因此丢掉了请求体；"
    "让客户端用 HTTP/1.1（Java：HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)），"
    '或在 bot.py 里写 nonebot.run(http="h11")'
)
DISCARD_SECONDS: Final = 5.0
"""Seconds for which the rest of a refused body is read and discarded: a client that is still
writing would see a broken connection instead of the answer."""


class Body:
    """A body that has arrived; used in `async with`, which frees its memory."""

    def __init__(self, intake: "Intake", content: bytes = b"", owner: str = "") -> None:
        """`owner` is the name of the token that sent it; empty: not known yet."""
        self._intake = intake
        self._owner = owner
        self._stack = AsyncExitStack()
        self._data = bytearray(content)
        self._file: BufferedRandom | None = None
        self._in_memory = self._in_file = 0
        self._slot: asyncio.Semaphore | None = None
        self.size = len(content)
        self._charge(memory=self.size)

    async def __aenter__(self) -> Self:
        try:
            if self._is_large:
                await self._stack.enter_async_context(self._intake.alone.of(self._owner))
        except BaseException:  # a client that leaves while it waits
            self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._stack.aclose()
        finally:
            self.close()

    async def work(self, job: Callable[[bytearray], T]) -> T:
        """Process its bytes, which are gone afterwards; large ones, longer ones of many parts, and
        those with marks of Markdown or HTML, in a thread. The job may free them earlier by
        clearing them.

        Raises:
            InvalidReport: it is nested too deeply.
            Refused: whatever `job` raises.
        """
        try:
            if self._is_large:
                return await self._work_in_thread(job)
            if has_many_parts(self._data) or may_be_marked(self._data):
                async with self._intake.alone.of(self._owner):
                    return await self._work_in_thread(job)
            return await self._intake.turns.run(self._owner, lambda: job(self._take()))
        except RecursionError:
            raise InvalidReport("body", "嵌套层数过多") from None

    async def _work_in_thread(self, job: Callable[[bytearray], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._intake.thread, lambda: job(self._take()))

    async def add(self, chunk: bytes, owner: str | None) -> None:
        """Add received bytes, counted for `owner`'s token; None: a stranger's, whose long bodies go
        to a file.

        Raises:
            Busy: the bounds are reached.
        """
        self.size += len(chunk)
        self._owner = owner or ""
        if self.size > HEAD and self._slot is None and owner is not None:
            self._slot = await self._intake.long_slot(owner)
        if self._file is None:
            if self.size <= HEAD or (
                owner is not None
                and self.size <= LARGE
                and self._intake.in_memory + len(chunk) <= MEMORY
            ):
                self._charge(memory=len(chunk))
                self._data += chunk
                return
            self._file = TemporaryFile()  # noqa: SIM115 - `close` does
            chunk = bytes(self._data) + chunk
            self._data = bytearray()
            self._charge(memory=-self._in_memory)
        self._charge(file=len(chunk))
        try:
            if self._intake.in_files > FILES:
                raise Busy
            await asyncio.to_thread(self._file.write, chunk)
        except OSError as error:
            raise Busy from error

    def close(self) -> None:
        """Free its memory and file."""
        if self._file is not None:
            self._file.close()
        self._charge(memory=-self._in_memory, file=-self._in_file)
        if self._slot is not None:
            self._slot.release()

    @property
    def _is_large(self) -> bool:
        return self.size > LARGE or self._file is not None

    def _take(self) -> bytearray:
        data, self._data = self._data, bytearray()
        if self._file is not None:
            data = bytearray(self.size)
            self._file.seek(0)
            self._file.readinto(data)
        return data

    def _charge(self, *, memory: int = 0, file: int = 0) -> None:
        self._in_memory += memory
        self._in_file += file
        self._intake.in_memory += memory
        self._intake.in_files += file


class Finder(Protocol):
    """Looks for the token in a stranger's body."""

    @property
    def source(self) -> str:
        """By which strangers are told apart: an address."""
        ...

    def feed(self, piece: bytes) -> Grant | None:
        """Look at the next bytes; return the grant of a token that is right."""
        ...

    def finish(self) -> None:
        """End the search.

        Raises:
            Refused: there was no right token.
        """
        ...


class Intake:
    """Receives the bodies of all clients."""

    def __init__(self, limit: int) -> None:
        """`limit` is the most bytes of one body."""
        self._limit = limit
        self._arriving = Counter[str]()
        self._waiting = Counter[str]()
        self._long: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(ARRIVING_LONG)
        )
        self._strangers = Strangers()
        self.in_memory = self.in_files = 0
        self.alone = Turns()
        """Whose body is processed in the thread: one at a time, as each may take much memory."""
        self.turns = LoopTurns()
        self.thread = ThreadPoolExecutor(1, "report-body")

    async def read(
        self,
        request: Request,
        grant: Grant | None,
        finder: Finder | None = None,
    ) -> Body:
        """Read a request's body. If `grant` is None, `finder` looks for one in it.

        Raises:
            BodyTooLarge: it is longer than the limit.
            Busy: too many arrive at once.
            InvalidReport: it did not arrive in time.
            Refused: whatever `finder` raises.
        """
        announced = headers_of(request).get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > self._limit:
            raise BodyTooLarge
        owner = grant.name if grant else ""
        if self._arriving[owner] >= ARRIVING:
            raise Busy
        self._arriving[owner] += 1
        body = Body(self)
        try:
            await self._fill(body, request, grant, finder)
        except BaseException:
            body.close()
            raise
        finally:
            self._arriving[owner] -= 1
        return body

    async def long_slot(self, owner: str) -> asyncio.Semaphore:
        """Wait until one more large body of `owner` may arrive; must be released.

        Raises:
            Busy: too many wait, or for too long.
        """
        if self._waiting[owner] >= WAITING_LONG:
            raise Busy
        self._waiting[owner] += 1
        try:
            slot = self._long[owner]
            async with asyncio.timeout(WAIT_SECONDS):
                await slot.acquire()
            return slot
        except TimeoutError:
            raise Busy from None
        finally:
            self._waiting[owner] -= 1

    async def _fill(
        self, body: Body, request: Request, grant: Grant | None, finder: Finder | None
    ) -> None:
        owner = None if grant is None else grant.name
        now, seconds = asyncio.get_running_loop().time, READ_SECONDS if grant else STRANGER_SECONDS
        try:
            async with AsyncExitStack() as place, asyncio.timeout(seconds) as deadline:
                async for piece in self._pieces(request, body):
                    if owner is None and finder and (grant := finder.feed(piece)) is not None:
                        owner = grant.name
                        await place.aclose()
                        deadline.reschedule(now() + READ_SECONDS)
                    elif owner is None and finder and body.size <= HEAD < body.size + len(piece):
                        deadline.reschedule(None)  # waiting does not count
                        await place.enter_async_context(self._strangers.place(finder.source))
                        deadline.reschedule(now() + SEARCH_SECONDS)
                    await body.add(piece, owner)
        except TimeoutError:
            raise InvalidReport("body", "没有在限定的时间内收完") from None
        if body.size == 0 and has_body(request) and "h2c" in headers_of(request).get("upgrade", ""):
            raise InvalidReport("body", LOST_BODY)
        if owner is None and finder:
            finder.finish()

    async def _pieces(self, request: Request, body: Body) -> AsyncGenerator[bytes]:
        """The body's pieces as they arrive, inflated.

        Raises:
            BodyTooLarge: it is longer than the limit, also as it was received: it may inflate to
                nothing.
        """
        encoding = headers_of(request).get("content-encoding", "").strip().lower()
        inflater = None if encoding in NO_ENCODING else Inflater(encoding)
        received = 0
        while not has_arrived(request):
            chunk = await _next_chunk(request)
            received += len(chunk)
            for piece in inflater.inflate(chunk) if inflater else (chunk,):
                if max(received, body.size + len(piece)) > self._limit:
                    raise BodyTooLarge
                yield piece
                if inflater:
                    await asyncio.sleep(0)  # others run in between its pieces
        if inflater:
            inflater.finish()


def has_many_parts(body: bytes | bytearray) -> bool:
    """Whether a body may take long to read: it has more quotes, escapes, fields or elements than a
    screenshot with some words, or if it is small, more quotes than a report."""
    if len(body) <= HEAD:
        return body.count(b'"') + body.count(b"\xed") > MAX_QUOTES
    if not has_few_escapes(body):
        return True
    number = 0
    for mark in _MARKS:
        at = body.find(mark)
        while at >= 0:
            number += 1
            if number > MAX_PARTS:
                return True
            at = body.find(mark, at + 1)
    return False


async def discard(request: Request, most: int) -> None:
    """Read what is left of a refused body, at most so many bytes."""
    remaining = most
    try:
        async with asyncio.timeout(DISCARD_SECONDS):
            while remaining > 0 and not has_arrived(request):
                message = await request.receive()
                _note_end(request, message)
                remaining -= len(message.get("body", b""))
    except TimeoutError:
        return


def has_arrived(request: Request) -> bool:
    """Whether all of a request's body was received; who asks for more waits until the client
    leaves."""
    return request.scope.get(_ARRIVED, False)


def has_body(request: Request) -> bool:
    """Whether a request announces a body."""
    headers = headers_of(request)
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _note_end(request: Request, message: Message) -> None:
    request.scope[_ARRIVED] = not message.get("more_body", False)


async def _next_chunk(request: Request) -> bytes:
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    _note_end(request, message)
    return message.get("body", b"")
