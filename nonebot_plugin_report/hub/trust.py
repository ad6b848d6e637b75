"""Which tokens may speak, or keep silent, to everybody who is told of a watch."""

from collections.abc import Iterable

from ..access.tokens import Tokens
from ..routing.audience import find_audience
from ..routing.rules import Directory
from ..watchdog import beats, watches
from ..watchdog.beats import Beat
from ..watchdog.watches import Watch


class Trust:
    """Compares what tokens reach with whom watches tell."""

    def __init__(
        self, directory: Directory, tokens: Tokens, entries: Iterable[Watch | Beat]
    ) -> None:
        """`entries` are those of REPORT_WATCH."""
        self._tokens = tokens
        self._audiences = {
            one: find_audience(
                directory, one.to, beats.EVENTS if isinstance(one, Beat) else watches.EVENTS
            )
            for one in entries
        }

    def reaches_audience(self, entry: Watch | Beat, source: str) -> bool:
        """Whether a token, by its name, reaches everybody who is told of an entry."""
        grant = self._tokens.named(source)
        return grant is not None and grant.covers(self._audiences[entry])
