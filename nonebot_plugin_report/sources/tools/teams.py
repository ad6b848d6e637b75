"""Microsoft Teams: message cards, and messages with adaptive cards. Pure.

https://learn.microsoft.com/outlook/actionable-messages/message-card-reference,
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using,
https://adaptivecards.io/explorer/. A connector answers `1`, a workflow nothing (202).
"""

import re
from collections.abc import Iterator
from typing import Final

from ..base import (
    Fields,
    Headers,
    Source,
    Translated,
    as_text,
    entries,
    pick,
    record,
    records,
    text,
)
from ..chat import MAX_DEPTH, Message, joined
from ..markup import from_markdown
from ..states import read_colour

_CARD: Final = "AdaptiveCard"
_LISTS: Final = (
    "body", "items", "columns", "actions", "inlines", "rows", "cells", "images", "facts",
)  # fmt: skip
"""Names under which an element of a card has others."""
_MENTION: Final = re.compile(r"<at>([^<]{0,100})</at>")


def _recognise(fields: Fields, headers: Headers) -> bool:
    if "MessageCard" in (text(fields, "@type"), text(fields, "type")):  # Alertmanager's has no @
        return True
    sections = records(fields, "sections")[:1]
    if sections and any(name.startswith("activity") for name in sections[0]):
        return True
    return next(_cards(fields), None) is not None


def _cards(fields: Fields) -> Iterator[Fields]:
    """Find the adaptive cards: the body itself, or what is attached to a message."""
    if text(fields, "type") == _CARD:
        yield fields
    for attachment in records(fields, "attachments"):
        content = record(attachment, "content")
        if text(content, "type") == _CARD:
            yield content


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not _recognise(fields, headers):
        return None
    message = Message(_read)
    cards = list(_cards(fields))
    for card in cards:
        _add_element(message, card, 0)
    message.lead(text(fields, "summary"))
    if not cards:
        _add_message_card(message, fields)
    return message.translate(*(() if cards else ("title", "text")))


def _add_message_card(message: Message, card: Fields) -> None:
    message.colour(read_colour(card.get("themeColor")))
    message.head(text(card, "title") or text(card, "summary"))
    message.add(text(card, "text"))
    for section in message.records(card, "sections"):
        names = ("title", "activityTitle", "activitySubtitle", "activityText", "text")
        message.add(*(text(section, name) for name in names))
        _add_facts(message, section, "name")
        _add_actions(message, section)
    _add_actions(message, card)


def _add_actions(message: Message, holder: Fields) -> None:
    """Add the actions that open an address."""
    for action in message.records(holder, "potentialAction"):
        targets = [
            *(text(one, "uri") for one in message.records(action, "targets")),
            *_urls(action),
        ]
        if url := next(filter(None, targets), ""):
            message.add_link(text(action, "name"), url)


def _urls(action: Fields) -> Iterator[str]:
    """Give the addresses of a `ViewAction`, whose target is a list of texts."""
    for url in entries(action.get("target"))[:1]:
        yield as_text(url)


def _add_element(message: Message, element: Fields, depth: int) -> None:
    if depth > MAX_DEPTH:
        return
    message.colour(read_colour(element.get("style")))
    match text(element, "type"):
        case "TextBlock":
            _add_text_block(message, element)
        case "FactSet":
            _add_facts(message, element, "title")
        case "ColumnSet":
            _add_columns(message, element, depth)
        case "RichTextBlock":
            message.put(joined(_runs(message, element)))
        case "Action.OpenUrl":
            message.add_link(text(element, "title"), text(element, "url"))
        case "Image" if text(element, "style").lower() != "person":
            message.add(text(element, "altText"))
        case _:
            for held in (held for name in _LISTS for held in message.records(element, name)):
                _add_element(message, held, depth + 1)


def _add_facts(message: Message, holder: Fields, name: str) -> None:
    for fact in message.records(holder, "facts"):
        message.add_field(text(fact, name), text(fact, "value"))


def _add_text_block(message: Message, block: Fields) -> None:
    written = text(block, "text")
    message.colour(read_colour(block.get("color")))
    large = text(block, "size").lower() in ("large", "extralarge", "medium")
    if text(block, "style") == "heading" or (large and not message.parts):
        message.head(written)
    else:
        message.add(written)


def _runs(message: Message, block: Fields) -> Iterator[str]:
    for inline in message.entries(block.get("inlines")):
        yield inline if isinstance(inline, str) else str(pick(inline, "text") or "")


def _add_columns(message: Message, element: Fields, depth: int) -> None:
    """Add columns that stand side by side: two that hold a text each are a field."""
    columns = message.records(element, "columns")
    held = [list(message.records(column, "items")) for column in columns]
    alone = [items[0] for items in held if len(items) == 1]
    if len(held) == 2 and len(alone) == 2 and all(_is_text(item) for item in alone):
        name, value = (text(item, "text") for item in alone)
        for item in alone:
            message.colour(read_colour(item.get("color")))
        message.add_field(name, value)
        return
    for items in held:
        for item in items:
            _add_element(message, item, depth + 1)


def _is_text(element: Fields) -> bool:
    return text(element, "type") == "TextBlock"


def _read(written: str) -> str:
    return from_markdown(_MENTION.sub(r"@\1", written))


SOURCE: Final = Source(
    "Microsoft Teams",
    frozenset({"@type", "@context", "sections", "attachments", "body"}),
    _recognise,
    _translate,
)
