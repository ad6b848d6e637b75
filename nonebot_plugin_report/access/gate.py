"""Checks tokens. Wrong ones are counted by address and overall, and slowed."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from ipaddress import IPv6Address, ip_address
from typing import Final

from ..errors import Forbidden, TooManyAttempts
from ..model.grant import MASTER, Grant

BURST: Final = 10
"""Wrong tokens that an address may try before it is slowed."""
REFILL_SECONDS: Final = 6.0
"""After this long an address has one more try."""
OVERALL_BURST: Final = 200
"""Wrong tokens that all addresses together may try before all are slowed."""
OVERALL_REFILL_SECONDS: Final = 0.5
"""After this long there is one more try for all of them."""
MAX_ADDRESSES: Final = 10_000
"""Addresses remembered; the one that tried longest ago is forgotten first."""
MAX_TOKEN: Final = 2**12
"""Characters; longer ones are rejected unread."""
SHORT_TOKEN: Final = 12
"""Characters; shorter ones could be guessed even slowly."""
_WRONG: Final = "令牌不正确：请核对网址里 token= 后面的部分"


@dataclass(slots=True)
class _Tries:
    """A token bucket of attempts, refilled over time."""

    burst: float
    refill_seconds: float
    left: float
    at: float

    def wait(self, now: float) -> float:
        """Seconds until an attempt is allowed."""
        return max(0.0, 1 - self._refilled(now)) * self.refill_seconds

    def use(self, now: float) -> None:
        """Use up an attempt."""
        self.left, self.at = self._refilled(now) - 1, now

    def _refilled(self, now: float) -> float:
        return min(self.burst, self.left + (now - self.at) / self.refill_seconds)


def hash_token(token: str) -> str:
    """A token's SHA-256: enough to recognize it, as tokens are long and random."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


digest = lru_cache(maxsize=64)(hash_token)  # the same tools push again and again


@dataclass(slots=True)
class Gate:
    """Checks tokens. If `open`, everybody is let in."""

    grants: Mapping[str, Grant]
    """By the token's digest: the time of a look-up reveals nothing of the token."""
    open: bool
    clock: Callable[[], float]
    """Monotonic seconds."""
    secrets: tuple[str, ...] = ()
    """The settings' tokens, which may sign a body. Those of bound users are not known."""
    _by_address: OrderedDict[str, _Tries] = field(default_factory=OrderedDict[str, _Tries])
    _overall: _Tries = field(init=False)

    def __post_init__(self) -> None:
        self._overall = _Tries(OVERALL_BURST, OVERALL_REFILL_SECONDS, OVERALL_BURST, self.clock())

    def admit(self, token: str | None, address: str) -> Grant:
        """Let a caller in, or raise.

        A right token always passes, whatever was tried from its address: machines behind a router
        share one, and BetterGI never retries. A missing token is not an attempt.

        Raises:
            Forbidden: the token is missing or wrong.
            TooManyAttempts: it is wrong, and there were too many wrong ones.
        """
        if self.open:
            return MASTER
        if not token:
            raise Forbidden("没有令牌：请写在网址里（?token=…）")
        if (grant := self.find(token)) is not None:
            return grant
        raise self.wrong(address)

    def wrong(self, address: str, reason: str = _WRONG) -> Forbidden:
        """Count an attempt with a wrong secret; return the error to raise.

        Raises:
            TooManyAttempts: there were too many.
        """
        self._count(source_of(address))
        return Forbidden(reason)

    def signer(self, content: bytes | bytearray, signature: str, token: str | None) -> str | None:
        """The token by which a body is signed (HMAC-SHA256, as GitHub writes it), or None.

        `token` is one that is known to be right. A hash takes a millisecond for each MiB; other
        threads get a turn meanwhile.
        """
        given = signature.encode("utf-8", "replace")
        for secret in filter(None, (token, *self.secrets)):
            digest = hmac_digest(secret.encode("utf-8", "surrogatepass"), content, "sha256").hex()
            if compare_digest(f"sha256={digest}".encode(), given):
                return secret
        return None

    def find(self, token: str) -> Grant | None:
        """The grant of a token, or None; does not count as an attempt. Blanks and quotes around it,
        which pasting adds and Synology Chat's addresses have, do not matter."""
        if len(token) > MAX_TOKEN:
            return None
        if (grant := self.grants.get(digest(token))) is not None:
            return grant
        bare = token.strip().strip('"')
        return None if bare == token else self.grants.get(digest(bare))

    def recognizes(self, text: str) -> bool:
        """Whether a text is a token. For many texts of which next to none is: what `find` remembers
        stays."""
        return hash_token(text) in self.grants

    def _count(self, source: str) -> None:
        now = self.clock()
        mine = self._by_address.get(source) or _Tries(BURST, REFILL_SECONDS, BURST, now)
        if wait := max(mine.wait(now), self._overall.wait(now)):
            raise TooManyAttempts(wait)
        for tries in (mine, self._overall):
            tries.use(now)
        self._by_address[source] = mine
        self._by_address.move_to_end(source)
        if len(self._by_address) > MAX_ADDRESSES:
            self._by_address.popitem(last=False)


def source_of(address: str) -> str:
    """The address by which attempts are counted: an IPv6 subscriber has a whole /64 (RFC 6177)."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(int(parsed) >> 64)
