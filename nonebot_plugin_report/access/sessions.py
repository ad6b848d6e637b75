"""Keeps the sessions of browsers on the page, and the rights of their viewers.

A link lets a browser in once, within minutes; from then on a cookie does, whose secret only the
browser has. A session gives its holder no more rights than the token or QQ number of the login:
both are looked up with each request, so a session ends with its token or number.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from secrets import token_urlsafe
from typing import Final

from ..model.grant import BOUND, MASTER, OWN, Grant
from ..model.target import Target
from ..store.sessions import Session, StoredSessions
from .gate import digest
from .tokens import Tokens

LINK_SECONDS: Final = 600.0
"""Seconds in which a link can be used."""
SESSION_SECONDS: Final = 30 * 86400.0
"""Seconds after which a session ends."""
MOST_SESSIONS: Final = 20
"""Sessions of one holder; a further one ends the oldest."""
SEEN_EVERY: Final = 3600.0
"""Seconds between notes of when a session was last used."""
SECRET_BYTES: Final = 24
SECRET_LENGTH: Final = SECRET_BYTES // 3 * 4
"""Characters of a secret; other lengths are not looked up."""
AGENT_LENGTH: Final = 200
CONSOLE: Final = "console"
"""The holder who read the link in the bot's own window."""
_TOKEN: Final = "token:"  # noqa: S105 - none
_USER: Final = "user:"


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person behind a browser's session, and their rights."""

    grant: Grant
    target: Target | None
    """The target whose deliveries the viewer may see, besides the reports of their own token; None:
    no target, or everything."""
    session: Session

    @property
    def is_master(self) -> bool:
        """Whether the viewer may see and do everything."""
        return self.grant.is_master

    @property
    def holder(self) -> str:
        """The name of the viewer's token, by which shares of memory and time are counted, whatever
        the browser and the way of the login."""
        return self.grant.name

    @property
    def name(self) -> str:
        """The viewer's QQ number, or the name of their token."""
        return self.target.id if self.target is not None else self.grant.name


class Sessions:
    """The links for logins, and the open sessions."""

    def __init__(
        self,
        stored: StoredSessions,
        tokens: Tokens,
        superusers: Iterable[Target],
        clock: Callable[[], float],
    ) -> None:
        """Load nothing yet. `superusers` may see everything, `clock` gives epoch seconds."""
        self._stored = stored
        self._tokens = tokens
        self._superusers = frozenset(superusers)
        self._clock = clock
        self._console = "", 0.0
        """The digest of the link in the bot's own window, and when it ends."""
        self._sessions: dict[str, Session] = {}

    async def open(self) -> None:
        """Load the sessions, as they are stored now.

        Raises:
            StoreUnavailable: the sessions could not be read.
        """
        self._sessions = {one.digest: one for one in await self._stored.all()}

    async def link_for(self, user: Target) -> str:
        """Make a secret that lets a user in, once, through any process on the same store.

        Raises:
            StoreUnavailable: the secret could not be written.
        """
        secret, now = token_urlsafe(SECRET_BYTES), self._clock()
        await self._stored.add_link(digest(secret), f"{_USER}{user}", now, now + LINK_SECONDS)
        return secret

    def link_for_console(self) -> str:
        """Make a secret that lets the reader of the bot's own window in, once."""
        secret = token_urlsafe(SECRET_BYTES)
        self._console = digest(secret), self._clock() + LINK_SECONDS
        return secret

    async def enter_by_link(self, secret: str, agent: str) -> str | None:
        """Use up a link, and return the cookie of a new session; None: the link is not valid.

        Raises:
            StoreUnavailable: the session could not be written.
        """
        if len(secret) != SECRET_LENGTH:
            return None
        holder = await self._holder_of(digest(secret))
        return holder and await self._enter(holder, agent)

    async def _holder_of(self, link: str) -> str | None:
        """Use up a link, and return its holder, or None."""
        console, until = self._console
        if link != console:
            return await self._stored.take_link(link, self._clock())
        self._console = "", 0.0
        return CONSOLE if until > self._clock() else None

    async def enter_by_token(self, token: str, agent: str) -> str | None:
        """Return the cookie of a new session for a token; None: the token is wrong.

        Raises:
            StoreUnavailable: the session could not be written.
        """
        is_valid = self._tokens.gate.find(token) is not None
        return await self._enter(f"{_TOKEN}{digest(token)}", agent) if is_valid else None

    async def _enter(self, holder: str, agent: str) -> str:
        secret, now = token_urlsafe(SECRET_BYTES), self._clock()
        session = Session(digest(secret), holder, agent[:AGENT_LENGTH], now, now)
        mine = [each for each in self._sessions.values() if each.holder == holder]
        over = mine[: max(0, len(mine) + 1 - MOST_SESSIONS)]
        ended = [each for each in self._sessions.values() if self._viewer(each) is None]
        for each in {each.digest: each for each in (*over, *ended)}.values():
            await self.end(each)
        await self._stored.add(session)
        self._sessions[session.digest] = session
        return secret

    async def viewer(self, secret: str) -> Viewer | None:
        """Find the viewer of a cookie; None: it belongs to no open session.

        Raises:
            StoreUnavailable: the time of use could not be written.
        """
        if len(secret) != SECRET_LENGTH:
            return None
        session = self._sessions.get(digest(secret))
        viewer = session and self._viewer(session)
        if viewer is None:
            return None
        now = self._clock()
        if now - viewer.session.seen_at >= SEEN_EVERY:
            seen = replace(viewer.session, seen_at=now)
            self._sessions[seen.digest] = seen
            await self._stored.seen(seen.digest, now)
            return replace(viewer, session=seen)
        return viewer

    def visible(self, viewer: Viewer) -> list[Session]:
        """List the sessions that a viewer may see and end, the newest first."""
        valid = (one for one in self._sessions.values() if self._viewer(one) is not None)
        mine = [one for one in valid if viewer.is_master or one.holder == viewer.session.holder]
        return mine[::-1]

    def holder(self, session: Session) -> str:
        """Describe the holder of a session (Chinese)."""
        viewer = self._viewer(session)
        if session.holder == CONSOLE:
            return "机器人的窗口"
        if session.holder.startswith(_USER):
            return f"QQ {session.holder.rpartition(':')[2]}"
        return f"令牌 {viewer.grant.name}" if viewer else ""

    async def end(self, session: Session) -> None:
        """End a session.

        Raises:
            StoreUnavailable: its end could not be written.
        """
        await self._stored.remove(session.digest)
        self._sessions.pop(session.digest, None)

    def _viewer(self, session: Session) -> Viewer | None:
        if session.created_at + SESSION_SECONDS <= self._clock():
            return None
        grant = self._grant(session.holder)
        # A token with the plugin's own name must not see the plugin's own reports.
        if grant is None or grant.name == OWN:
            return None
        user = grant.name.removeprefix(BOUND)
        own = Target("private", user) if user != grant.name else None
        return Viewer(grant, own, session)

    def _grant(self, holder: str) -> Grant | None:
        """Look up the present rights of a holder."""
        if holder == CONSOLE:
            return MASTER
        if holder.startswith(_TOKEN):
            return self._tokens.gate.grants.get(holder.removeprefix(_TOKEN))
        user = Target.parse(holder.removeprefix(_USER))
        return MASTER if user in self._superusers else self._tokens.named(f"{BOUND}{user.id}")
