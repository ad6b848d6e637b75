"""Decides which tokens' reports and silence count for a watch's audience."""

from collections.abc import Iterable

from ..access.tokens import Tokens
from ..routing.audience import find_audience
from ..routing.rules import Directory
from ..watchdog import beats, watches
from ..watchdog.beats import Beat
from ..watchdog.watches import Watch


class Trust:
    """Compares the reach of tokens with the audiences of watches."""

    def __init__(
        self, directory: Directory, tokens: Tokens, entries: Iterable[Watch | Beat]
    ) -> None:
        """Find the audiences of `entries`, the entries of REPORT_WATCH."""
        self._tokens = tokens
        self._audiences = {
            one: find_audience(
                directory, one.to, beats.EVENTS if isinstance(one, Beat) else watches.EVENTS
            )
            for one in entries
        }

    def reaches_audience(self, entry: Watch | Beat, source: str) -> bool:
        """Return whether a token, by its name, reaches all recipients of an entry."""
        grant = self._tokens.named(source)
        return grant is not None and grant.covers(self._audiences[entry])
