"""Bodies, read and worked on within bounds that hold for all clients together.

Many arrive side by side, so that a slow client holds nobody up; what they hold in memory is
bounded, and the rest waits in files. A large one is worked on in a thread, one at a time.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryFile
from typing import IO, Final, Self, TypeVar

from starlette.requests import Request

from ..errors import BodyTooLarge, Busy, InvalidReport
from ..model.grant import Grant

T = TypeVar("T")

READ_SECONDS: Final = 60.0
"""How long a body may take to arrive."""
STRANGER_SECONDS: Final = 10.0
"""How long it may take until there is a token in it, where there was none before it."""
HEAD: Final = 64 * 2**10
"""Bytes in which that token has to stand. A body no longer than this is small: it is worked on at
once."""
LARGE: Final = 2**20
"""A body longer than this is worked on in a thread, and no second one meanwhile."""
MEMORY: Final = 16 * 2**20
"""Bytes of bodies in memory; what comes beyond that goes to files."""
FILES: Final = 256 * 2**20
"""Bytes in those files."""
ARRIVING: Final = 128
"""Bodies that arrive side by side with one token, or with none so far."""
ARRIVING_LONG: Final = 32
"""Those of them that are not small. More wait until one of them was answered."""
WAITING_LONG: Final = 64
"""So many. The web server has read some of each already."""
WAIT_SECONDS: Final = 20.0
"""And for so long. BetterGI gives up after 30."""


class Body:
    """A body that has arrived. To be used in `async with`: what it holds is free again after."""

    def __init__(self, intake: "Intake", content: bytes = b"") -> None:
        self._intake = intake
        self._data = bytearray(content)
        self._file: IO[bytes] | None = None
        self._in_memory = self._in_file = 0
        self._slot: asyncio.Semaphore | None = None
        self.size = len(content)
        self._charge(memory=self.size)

    async def __aenter__(self) -> Self:
        if self._is_large:
            await self._intake.alone.acquire()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._is_large:
            self._intake.alone.release()
        self.close()

    async def work(self, job: Callable[[bytes | bytearray], T]) -> T:
        """Do something with its bytes, which are gone then, so that nobody else waits for long."""
        if self._is_large:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._intake.thread, lambda: job(self._take()))
        if self.size > HEAD:
            async with self._intake.turn:
                await asyncio.sleep(0)  # one in each turn of the loop, and others' in between
                return job(self._take())
        return job(self._take())

    async def add(self, chunk: bytes, owner: str) -> None:
        """Take up what has come with `owner`'s token.

        Raises:
            Busy: there is no room for it.
        """
        self.size += len(chunk)
        if self.size > HEAD and self._slot is None:
            self._slot = await self._intake.long_slot(owner)
        if self._file is None:
            if self.size <= HEAD or self._intake.in_memory + len(chunk) <= MEMORY:
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

    def head(self) -> bytes:
        """The first HEAD bytes, or as many as there are."""
        return bytes(self._data[:HEAD])

    def close(self) -> None:
        """Let go of what it holds."""
        if self._file is not None:
            self._file.close()
        self._charge(memory=-self._in_memory, file=-self._in_file)
        if self._slot is not None:
            self._slot.release()

    @property
    def _is_large(self) -> bool:
        return self.size > LARGE or self._file is not None

    def _take(self) -> bytes | bytearray:
        if self._file is None:
            data, self._data = self._data, bytearray()
            return data
        self._file.seek(0)
        return self._file.read()

    def _charge(self, *, memory: int = 0, file: int = 0) -> None:
        self._in_memory += memory
        self._in_file += file
        self._intake.in_memory += memory
        self._intake.in_files += file


class Intake:
    """Where bodies come in."""

    def __init__(self, limit: int) -> None:
        """`limit`: bytes of one body."""
        self._limit = limit
        self._arriving = Counter[str]()
        self._waiting = Counter[str]()
        self._long: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(ARRIVING_LONG)
        )
        self.in_memory = self.in_files = 0
        self.alone = asyncio.Semaphore(1)
        self.turn = asyncio.Lock()
        self.thread = ThreadPoolExecutor(1, "report-body")

    async def read(
        self, request: Request, grant: Grant | None, look: Callable[[bytes], Grant]
    ) -> Body:
        """A request's body. Where `grant` is None, `look` finds it in the first bytes.

        Raises:
            BodyTooLarge: it is longer than the limit.
            Busy: too many arrive side by side.
            InvalidReport: it did not arrive in time.
            Refused: whatever `look` raises.
        """
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > self._limit:
            raise BodyTooLarge
        owner = grant.name if grant else ""
        if self._arriving[owner] >= ARRIVING:
            raise Busy
        self._arriving[owner] += 1
        body = Body(self)
        try:
            await self._fill(body, request, grant, look)
        except BaseException:
            body.close()
            raise
        finally:
            self._arriving[owner] -= 1
        return body

    async def long_slot(self, owner: str) -> asyncio.Semaphore:
        """Wait until one more of `owner`'s long bodies may arrive; to be released.

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
        self, body: Body, request: Request, grant: Grant | None, look: Callable[[bytes], Grant]
    ) -> None:
        seconds = READ_SECONDS if grant else STRANGER_SECONDS
        try:
            async with asyncio.timeout(seconds) as deadline:
                async for chunk in request.stream():
                    if body.size + len(chunk) > self._limit:
                        raise BodyTooLarge
                    if grant is None and body.size + len(chunk) > HEAD:
                        grant = look((body.head() + chunk)[:HEAD])
                        deadline.reschedule(asyncio.get_running_loop().time() + READ_SECONDS)
                    await body.add(chunk, grant.name if grant else "")
        except TimeoutError:
            raise InvalidReport("body", f"{seconds:.0f} 秒内没有收完") from None
        if grant is None:
            look(body.head())
