"""Keeps the tokens, their rights, and the rate of reports with each."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from secrets import token_urlsafe
from typing import Final

from loguru import logger

from ..model.grant import BOUND, MASTER, Grant
from ..model.target import Target
from ..store import Binding
from ..store.spent import Spent
from ..store.tokens import Bindings
from .gate import Gate, digest

TOKEN_BYTES: Final = 18
"""Random bytes in a generated token."""


class Tokens:
    """The settings' tokens, and the tokens of bound users."""

    def __init__(
        self,
        grants: Mapping[str, Grant],
        bindings: Bindings,
        clock: Callable[[], float],
        *,
        may_bind: bool,
        bind_rate: tuple[int, float] | None,
        secrets: Sequence[str] = (),
        spent: Spent | None = None,
    ) -> None:
        """Take the settings' tokens.

        Args:
            grants: by the token's digest.
            bindings: the stored bindings.
            clock: gives epoch seconds.
            may_bind: whether users may have tokens of their own.
            bind_rate: the rate limit of a user's token.
            secrets: the settings' tokens in plain text, with which a body may be signed.
            spent: the counts of all processes; None: there is only this process.
        """
        self._may_bind = may_bind
        self._bind_rate = bind_rate
        self._bindings = bindings
        self._clock = clock
        self._spent = spent
        self._grants = dict(grants)
        """By the token's digest."""
        self._seen: dict[str, deque[float]] = {}
        """Arrival times of a token's last reports, by its name; only for tokens with a rate."""
        self.gate: Final = Gate(
            self._grants,
            not self._grants and not self._may_bind,
            time.monotonic,
            tuple(secrets),
        )

    async def open(self) -> None:
        """Load the bindings, as they are stored now.

        Raises:
            StoreUnavailable: the bindings could not be read.
        """
        if not self._may_bind:
            return
        stored = await self._bindings.all()
        valid = {one.token for one in stored}
        for key in [one for one, grant in self._grants.items() if grant.name.startswith(BOUND)]:
            if key not in valid:
                del self._grants[key]
        for binding in stored:
            if binding.token in self._grants:
                continue
            try:
                self._grants[binding.token] = self._bound_grant(binding.user)
            except ValueError:  # bound by an older version: a OneBot 12 user without a number
                logger.warning(f"绑定的 {binding.user[:40]!r} 不是 QQ 号，它的推送地址不再有效")

    def named(self, name: str) -> Grant | None:
        """Find the grant of a token by its name, or None."""
        return next((one for one in (MASTER, *self._grants.values()) if one.name == name), None)

    def names(self) -> list[str]:
        """List the names that `named` finds."""
        return list(dict.fromkeys(one.name for one in (MASTER, *self._grants.values())))

    async def bind(self, user: str) -> str:
        """Make a token that reaches only this user; their former token becomes invalid.

        Raises:
            StoreUnavailable: the token could not be written.
        """
        token = token_urlsafe(TOKEN_BYTES)
        binding = Binding(user, digest(token), self._clock())
        await self._bindings.add(binding)
        self._forget(user)
        self._grants[binding.token] = self._bound_grant(user)
        return token

    async def unbind(self, user: str) -> bool:
        """Revoke a user's token. Returns whether there was one.

        Raises:
            StoreUnavailable: the change could not be written.
        """
        await self._bindings.remove(user)
        return self._forget(user)

    def bound(self) -> tuple[str, ...]:
        """List the users with a token of their own."""
        names = (grant.name for grant in self._grants.values())
        return tuple(name.removeprefix(BOUND) for name in names if name.startswith(BOUND))

    async def bindings(self) -> list[Binding]:
        """Read the bindings of these users, the oldest first.

        Raises:
            StoreUnavailable: the bindings could not be read.
        """
        bound = self.bound()
        return [one for one in await self._bindings.all() if one.user in bound]

    async def recount(self, grant: Grant) -> None:
        """Read the reports that other processes counted. To be called before `count`.

        Raises:
            StoreUnavailable: the counts could not be read.
        """
        if self._spent is None or grant.rate is None:
            return
        most, period = grant.rate
        seen = await self._spent.last(grant.name, self._clock() - period, most)
        self._seen[grant.name] = deque(seen, maxlen=most)

    def count(self, grant: Grant) -> float | None:
        """Count a report. Returns when (epoch seconds) a token over its rate may send, or None."""
        if grant.rate is None:
            return None
        now = self._clock()
        count, period = grant.rate
        seen = self._seen.setdefault(grant.name, deque(maxlen=count))
        if len(seen) == count and seen[0] + period > now:
            return seen[0] + period
        seen.append(now)
        if self._spent is not None:
            self._spent.add(grant.name, now)
        return None

    def shift(self, by: float) -> None:
        """Move the counted times along: the clock was set forward by `by` seconds."""
        self._seen = {
            name: deque((at + by for at in seen), seen.maxlen) for name, seen in self._seen.items()
        }

    def _forget(self, user: str) -> bool:
        former = [key for key, one in self._grants.items() if one.name == f"{BOUND}{user}"]
        for key in former:
            del self._grants[key]
        return bool(former)

    def _bound_grant(self, user: str) -> Grant:
        own = Target("private", user)
        return Grant(f"{BOUND}{user}", frozenset({own}), (own,), self._bind_rate)
