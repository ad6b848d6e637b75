"""What comes with a body, and what it is read as. Pure.

Light: it is loaded with the plugin, all tools' readers after it."""

from collections.abc import Mapping

from ..model.report import Report
from ..model.value import value_type
from .base import Answer, Headers
from .dialect import ANYBODY, Addressees
from .mapping import OwnSource

Own = Mapping[str, OwnSource]
"""The sources of REPORT_SOURCES, by name."""


@value_type
class Context:
    """What came with a body, in the URL and the headers."""

    query: Mapping[str, str]
    """The parameters of the URL."""
    defaults: Mapping[str, object]
    """Fields of ours that count where the body does not say them."""
    headers: Headers
    key: str = ""
    """The report's key where the body has no `id`; the same report whatever its words are."""
    addressees: Addressees = ANYBODY
    """Whom a body can name."""


@value_type
class Reading:
    """The report that a body was read as."""

    report: Report
    unread: str = ""
    """Name of the source that was named for the body and could not read it; empty: none."""
    answer: Answer = None
    """What the clients of the body's source want to be answered; None: our own answer."""
