"""Google Chat's webhooks: {text}, {cards} of the older kind and {cardsV2}. Pure.

https://developers.google.com/workspace/chat/api/reference/rest/v1/cards,
https://developers.google.com/workspace/chat/format-messages. A webhook answers the
message, as JSON.
"""

from typing import Final

from ..base import Fields, Headers, Source, Translated, record, records, text
from ..chat import MAX_DEPTH, Message, labelled, linked
from .slack import read_mrkdwn


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(_cards(fields))


def _cards(fields: Fields) -> list[Fields]:
    """Find the cards: an entry of `cardsV2` has the card within itself."""
    cards = [record(entry, "card") for entry in records(fields, "cardsV2")]
    cards += records(fields, "cards")
    return [card for card in cards if "sections" in card or "header" in card]


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    message = Message()
    cards = _cards(fields)
    lead = read_mrkdwn(text(fields, "text"))
    fallback = read_mrkdwn(text(fields, "fallbackText"))
    message.leads += (lead, fallback) if cards else (lead or fallback,)
    for card in cards:
        message.head(read_mrkdwn(text(card, "header.title")))
        message.add(read_mrkdwn(text(card, "header.subtitle")))
        for section in records(card, "sections"):
            message.add(read_mrkdwn(text(section, "header")))
            for widget in records(section, "widgets"):
                _add_widget(message, widget, 0)
    return message.translate("text")


def _add_widget(message: Message, widget: Fields, depth: int) -> None:
    if depth > MAX_DEPTH:
        return
    message.add(read_mrkdwn(text(widget, "textParagraph.text")))
    _add_text(message, record(widget, "decoratedText"), "topLabel", "text")
    _add_text(message, record(widget, "keyValue"), "topLabel", "content")
    message.add(read_mrkdwn(text(widget, "image.altText")))
    for buttons in (records(widget, "buttons"), records(widget, "buttonList.buttons")):
        for button in buttons:
            _add_button(message, button)
    for column in records(widget, "columns.columnItems"):
        for held in records(column, "widgets"):
            _add_widget(message, held, depth + 1)
    for item in records(widget, "grid.items"):
        message.add(labelled(text(item, "title"), text(item, "subtitle")))


def _add_text(message: Message, written: Fields, name: str, value: str) -> None:
    """Add a text that may have a label above and below it."""
    if not written:
        return
    label, words = read_mrkdwn(text(written, name)), read_mrkdwn(text(written, value))
    message.add_field(label, words)
    message.add(read_mrkdwn(text(written, "bottomLabel")), text(written, "onClick.openLink.url"))
    _add_button(message, record(written, "button"))


def _add_button(message: Message, button: Fields) -> None:
    for path in ("", "textButton.", "imageButton."):
        if url := text(button, f"{path}onClick.openLink.url"):
            label = text(button, f"{path}text") or text(button, f"{path}name")
            message.add(linked(label, url))


SOURCE: Final = Source("Google Chat", frozenset({"cards", "cardsV2"}), _recognise, _translate)
