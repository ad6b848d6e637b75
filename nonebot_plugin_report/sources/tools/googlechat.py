"""Google Chat's webhooks: {text}, {cards} of the older kind and {cardsV2}. Pure.

https://developers.google.com/workspace/chat/api/reference/rest/v1/cards,
https://developers.google.com/workspace/chat/format-messages. A webhook answers the
message, as JSON.
"""

import re
from typing import Final

from ..base import Fields, Headers, Source, Translated, record, records, text
from ..chat import MAX_DEPTH, Message
from ..markup import from_html, from_markdown
from .slack import read_mrkdwn

_LABEL: Final = re.compile(r"<b>([^<>\n]{1,60}[:：])</b>\s*(?:\n|<br\s*/?>)(?=\S)")
"""A bold name in a line above its value."""


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(_cards(fields))


def _cards(fields: Fields) -> list[Fields]:
    """Find the cards: an entry of `cardsV2` has the card within itself."""
    cards = [record(entry, "card") for entry in records(fields, "cardsV2")]
    cards += records(fields, "cards")
    return [card for card in cards if "sections" in card or "header" in card]


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not _recognise(fields, headers):
        return None
    message = Message(_read)
    cards = _cards(fields)
    message.lead(text(fields, "text"), text(fields, "fallbackText"))
    for card in cards:
        message.head(text(card, "header.title"))
        message.add(text(card, "header.subtitle"))
        for section in message.records(card, "sections"):
            message.add(text(section, "header"))
            for widget in message.records(section, "widgets"):
                _add_widget(message, widget, 0)
    return message.translate("text")


def _add_widget(message: Message, widget: Fields, depth: int) -> None:
    if depth > MAX_DEPTH:
        return
    paragraph = text(widget, "textParagraph.text")
    label = _LABEL.match(paragraph)
    message.add_field(label[1] if label else "", paragraph[label.end() if label else 0 :])
    _add_text(message, record(widget, "decoratedText"), "topLabel", "text")
    _add_text(message, record(widget, "keyValue"), "topLabel", "content")
    message.add(text(widget, "image.altText"))
    for buttons in (
        message.records(widget, "buttons"),
        message.records(widget, "buttonList.buttons"),
    ):
        for button in buttons:
            _add_button(message, button)
    for column in message.records(widget, "columns.columnItems"):
        for held in message.records(column, "widgets"):
            _add_widget(message, held, depth + 1)
    for item in message.records(widget, "grid.items"):
        message.add_field(text(item, "title"), text(item, "subtitle"))


def _add_text(message: Message, written: Fields, name: str, value: str) -> None:
    """Add a text that may have a label above and below it."""
    if not written:
        return
    message.add_field(text(written, name), text(written, value))
    message.add(text(written, "bottomLabel"))
    message.put(text(written, "onClick.openLink.url"))
    _add_button(message, record(written, "button"))


def _add_button(message: Message, button: Fields) -> None:
    for path in ("", "textButton.", "imageButton."):
        if url := text(button, f"{path}onClick.openLink.url"):
            label = text(button, f"{path}text") or text(button, f"{path}name")
            message.add_link(label, url)


def _read(written: str) -> str:
    """Write a text as people read it: HTML in a card, Slack's marks elsewhere."""
    words = read_mrkdwn(written)
    return from_html(words) if "<" in words else from_markdown(words)


SOURCE: Final = Source("Google Chat", frozenset({"cards", "cardsV2"}), _recognise, _translate)
