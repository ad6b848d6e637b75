"""Keeps words that others wrote from acting in the services that read more than words in them."""

import re
from typing import Final

# Broken by a character that is not seen, as Discord's own client writes a name that shall not call.
_BREAK: Final = "\u200b"
_ACTING: Final = re.compile(
    r"""
    <(?=[@\#:!/?a-z])           # <at id="all">, <@id>, <#id>, <!channel>, <qqbot-at-user>, HTML
    | (?<!\w)@(?=\w)            # @name: Telegram, Mattermost
    | @(?=everyone|here|all)    # Discord and Slack, also within a word
    | !(?=[\[a-z])              # Markdown's picture; Apprise makes <!channel> of !channel>
    | \](?=[(\[:])              # Markdown's link, which shows another address than it has
    | \((?=[a-z]{3}\))          # KMarkdown: (met)all(met)
    """,
    re.VERBOSE | re.IGNORECASE,
)


def literal(text: str) -> str:
    """The same words to whoever reads them, and nothing but words to the service."""
    return _ACTING.sub(lambda found: found[0] + _BREAK, text)
