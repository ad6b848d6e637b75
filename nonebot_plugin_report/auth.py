"""Tokens: who may push, and whom they may reach. Wrong tries are counted by address."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Final

from .delivery import Kind, Target
from .errors import Forbidden, TooManyAttempts

BURST: Final = 10
"""Wrong tokens that an address may try before it is slowed."""
REFILL_SECONDS: Final = 6.0
"""After this long an address has one more try."""
MAX_ADDRESSES: Final = 10_000
"""Addresses remembered; the one that tried longest ago is forgotten first."""
BOUND: Final = "bind:"
"""Before a user's number: the name of their own token."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the holder of a token may do."""

    name: str
    """The token's, which rules and the store know it by."""
    scope: frozenset[Target | Kind] | None = None
    """Whom it may reach, one by one or all of a kind; None: everybody."""
    defaults: tuple[Target, ...] = ()
    """Who gets what names nobody; empty: REPORT_DEFAULT_TARGETS."""
    rate: tuple[int, float] | None = None
    """So many reports in so many seconds."""

    def reaches(self, target: Target) -> bool:
        """Whether its reports may go there."""
        if self.scope is None:
            return True
        return target in self.scope or target.kind in self.scope

    @property
    def is_master(self) -> bool:
        """It may see and reach everything."""
        return self.scope is None


MASTER: Final = Grant("master")
"""REPORT_TOKEN's, and everybody's where no token is set at all."""


@dataclass(slots=True)
class _Tries:
    left: float
    at: float


def digest(token: str) -> str:
    """What is kept of a token: enough to know it again. Tokens are long and random."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(slots=True)
class Gate:
    """Checks tokens. With `open` everybody is let in."""

    grants: Mapping[str, Grant]
    """By the token's digest: how long a look-up takes says nothing of the token itself."""
    open: bool
    clock: Callable[[], float]
    """Monotonic seconds."""
    _tries: OrderedDict[str, _Tries] = field(default_factory=OrderedDict[str, _Tries])

    def admit(self, token: str | None, address: str) -> Grant:
        """Let a caller in, or raise.

        An address that used up its tries is not even compared, so guessing is slow; but on this
        machine itself a right token always passes: BetterGI never retries, and a neighbour tool
        with a wrong token must not cost its reports.

        Raises:
            Forbidden: the token is missing or wrong.
            TooManyAttempts: and too many wrong ones came from this address.
        """
        if self.open:
            return MASTER
        source, local = _source(address)
        wait = self._wait(source)
        if (local or not wait) and token is not None and (grant := self.grants.get(digest(token))):
            return grant
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
