"""Tokens: who may push. Wrong tries are counted by address."""

import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Final

from .errors import Forbidden, TooManyAttempts

BURST: Final = 10
"""Wrong tokens that an address may try before it is slowed."""
REFILL_SECONDS: Final = 6.0
"""After this long an address has one more try."""
MAX_ADDRESSES: Final = 10_000
"""Addresses remembered; the one that tried longest ago is forgotten first."""


@dataclass(slots=True)
class _Tries:
    left: float
    at: float


@dataclass(slots=True)
class Gate:
    """Checks tokens. `token` None: everybody is let in."""

    token: str | None
    clock: Callable[[], float]
    """Monotonic seconds."""
    _tries: OrderedDict[str, _Tries] = field(default_factory=OrderedDict[str, _Tries])

    def admit(self, token: str | None, address: str) -> None:
        """Let a caller in, or raise. The comparison takes the same time for every wrong token.

        An address that used up its tries is not even compared, so guessing is slow; but on this
        machine itself a right token always passes: BetterGI never retries, and a neighbour tool
        with a wrong token must not cost its reports.

        Raises:
            Forbidden: the token is missing or wrong.
            TooManyAttempts: and too many wrong ones came from this address.
        """
        if self.token is None:
            return
        source, local = _source(address)
        wait = self._wait(source)
        if (local or not wait) and token is not None and _same(token, self.token):
            return
        if wait:
            raise TooManyAttempts(wait)
        self._count(source)
        raise Forbidden

    def _refilled(self, source: str) -> float:
        tries = self._tries.get(source)
        if tries is None:
            return BURST
        return min(BURST, tries.left + (self.clock() - tries.at) / REFILL_SECONDS)

    def _wait(self, source: str) -> float:
        left = self._refilled(source)
        return 0.0 if left >= 1 else (1 - left) * REFILL_SECONDS

    def _count(self, source: str) -> None:
        self._tries[source] = _Tries(self._refilled(source) - 1, self.clock())
        self._tries.move_to_end(source)
        if len(self._tries) > MAX_ADDRESSES:
            self._tries.popitem(last=False)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )


def _source(address: str) -> tuple[str, bool]:
    """What is counted for an address, and whether it is this machine.

    One IPv6 subscriber has a whole /64 (RFC 6177), so that is what counts.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address, False
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped), parsed.ipv4_mapped.is_loopback
        return str(int(parsed) >> 64), parsed.is_loopback
    return address, parsed.is_loopback
