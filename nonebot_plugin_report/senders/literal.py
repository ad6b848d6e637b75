"""Neutralizes markup and mentions in text from outside, for services that would act on them."""

import re
from typing import Final

# A zero-width space, as Discord's own client puts into a name that must not mention.
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
    """Return the text unchanged to a reader, without mentions, links or tags to the service."""
    return _ACTING.sub(lambda match: match[0] + _BREAK, text)
