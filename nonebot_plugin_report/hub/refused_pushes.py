"""Remembers the last pushes that were refused, so that their owner sees what was wrong, and tells
the owner of a token when what it pushes cannot be read."""

import re
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from ..errors import BodyTooLarge, InvalidReport, Refused, UnsupportedMedia
from ..model.grant import Grant
from ..model.report import Report, Result
from ..model.status import Refusal
from ..model.text import clean

MAX_REFUSALS: Final = 20
MAX_CLIENT: Final = 80
"""Characters of a client's name."""
MAX_REASON: Final = 300
TELL_SECONDS: Final = 3600.0
"""Seconds for which the owner of a token is not told again."""
MASK: Final = "***"
_LIKE_A_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{24,}")


class RefusedPushes:
    """The last refused pushes, in memory: neither a body nor a token is among them."""

    def __init__(self, clock: Callable[[], float], secrets: Iterable[str]) -> None:
        """`clock` gives epoch seconds; `secrets` are the settings' tokens, which are masked."""
        self._clock = clock
        self._secrets = tuple(secrets)
        self._refusals = deque[Refusal](maxlen=MAX_REFUSALS)
        self._told: dict[str, float] = {}
        """When (epoch seconds) the owner of a token was told, by the token's name."""

    def add(self, error: Refused, client: str, address: str, grant: Grant | None) -> Refusal:
        """Remember a refused push; `client` is what its program calls itself."""
        name = clean(client[: 4 * MAX_CLIENT]).strip()
        for secret in self._secrets:
            name = name.replace(secret, MASK)
        name = _LIKE_A_TOKEN.sub(MASK, name)[:MAX_CLIENT]
        refusal = Refusal(
            at=self._clock(),
            client=f"{name}（{address}）" if name else address,
            reason=clean(str(error))[:MAX_REASON],
            token=grant.name if grant else "",
        )
        self._refusals.append(refusal)
        return refusal

    def all(self) -> tuple[Refusal, ...]:
        """List the last refused pushes, the newest first."""
        return tuple(reversed(self._refusals))

    def should_tell(self, error: Refused, grant: Grant) -> bool:
        """Whether the owner of a token is to be told now: what was pushed cannot be read, and
        nothing was told for an hour."""
        if not isinstance(error, InvalidReport | UnsupportedMedia | BodyTooLarge):
            return False
        now, last = self._clock(), self._told.get(grant.name)
        if last is not None and 0 <= now - last < TELL_SECONDS:
            return False
        self._told[grant.name] = now
        return True


def describe_refusal(refusal: Refusal, command: str) -> Report:
    """Make the report that tells the owner of a token of a push; `command` shows the others."""
    return Report(
        title="有一条推送没有收下",
        content=f"{refusal.client}：{refusal.reason}\n最近没收下的：{command}",
        event="report.refused",
        result=Result.PARTIAL,
    )
