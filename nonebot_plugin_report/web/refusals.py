"""Answers refused requests, and counts and logs why they were refused."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Final

from fastapi import Response
from loguru import logger
from starlette.requests import HTTPConnection

from ..errors import Refused, TooManyAttempts
from ..model.grant import Grant
from ..outbox.tally import Tally
from .answers import refusal_answer, status_of
from .head import headers_of

HOLD_BACK_SECONDS: Final = 1.0
"""Seconds for which the answer to too many wrong tokens is delayed."""
MAX_HELD_BACK: Final = 64
"""Most answers delayed at once; others are sent immediately."""
LOG_SECONDS: Final = 60.0
"""Seconds in which no more lines are logged than:"""
LINES_PER_ADDRESS: Final = 5
LINES: Final = 20
DISCARD_FACTOR: Final = 8
"""The most that is discarded of a client with a right token, in multiples of REPORT_MAX_BODY."""


Remember = Callable[[Refused, str, str, Grant | None], Awaitable[None]]
"""Remembers a refused push: why, the client's name and address, its token's grant."""


class Refusals:
    """Answers refused requests, and logs the reasons."""

    def __init__(
        self, tally: Tally, remember: Remember, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`tally` counts them; `remember` is told of those with a right token or from this machine;
        `clock` gives monotonic seconds."""
        self._tally = tally
        self._remember = remember
        self._clock = clock
        self._held_back = 0
        self._since = clock()
        self._written = Counter[str]()
        """Lines by address since then."""
        self._unwritten = 0

    async def answer(self, error: Refused) -> Response:
        """The answer to a refused request, delayed for whoever guesses tokens."""
        await self.hold_back(error)
        return refusal_answer(error)

    async def hold_back(self, error: Refused) -> None:
        """Wait before whoever guesses tokens is answered."""
        if isinstance(error, TooManyAttempts) and self._held_back < MAX_HELD_BACK:
            self._held_back += 1
            try:
                await asyncio.sleep(HOLD_BACK_SECONDS)
            finally:
                self._held_back -= 1

    async def note(
        self, error: Refused, connection: HTTPConnection, address: str, grant: Grant | None
    ) -> None:
        """Log why a push was refused. With a right token, or from this machine, its owner can see
        it."""
        self.log(error, address)
        if grant is not None or is_this_machine(address):
            client = headers_of(connection).get("user-agent", "")
            await self._remember(error, client, address, grant)

    def log(self, error: Refused, address: str) -> None:
        """Count a push that was refused, and log why, within a rate.
        An error's text repeats nothing that was sent."""
        self._tally.refuse(error)
        now = self._clock()
        if now - self._since >= LOG_SECONDS:
            if self._unwritten:
                logger.warning(f"另有 {self._unwritten} 条推送没有收下，没有逐条写出")
            self._since, self._unwritten = now, 0
            self._written.clear()
        if self._written[address] >= LINES_PER_ADDRESS or self._written.total() >= LINES:
            self._unwritten += 1
            return
        self._written[address] += 1
        logger.warning(f"没有收下 {address} 的推送（{status_of(error)}）：{error}")


def is_this_machine(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if parsed.version == 6 and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return parsed.is_loopback
