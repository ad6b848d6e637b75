"""Slack's incoming webhooks, and those of Mattermost, Rocket.Chat and Pumble, which take the same.
Pure.

https://api.slack.com/reference/messaging/payload, https://api.slack.com/reference/block-kit/blocks,
https://api.slack.com/reference/surfaces/formatting, https://developers.mattermost.com/integrate/reference/message-attachments/,
https://docs.rocket.chat/docs/integrations (`attachments` alike). `channel`, `username` and
`icon_emoji` are about the chat there. A webhook answers `ok` as text.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, cast

from ..base import Fields, Headers, Source, Translated, record, records, text
from ..chat import MAX_DEPTH, Message, joined, linked, local_time, spaced
from ..emoji import EMOJIS
from ..markup import from_markdown
from ..states import read_colour

_ATTACHMENT: Final = frozenset(
    {"text", "fallback", "fields", "title", "pretext", "blocks", "author_name", "image_url"}
)
_OF_CHAT: Final = (
    "username", "icon_emoji", "icon_url", "mrkdwn", "link_names", "unfurl_links", "unfurl_media",
    "response_type", "thread_ts",
)  # fmt: skip
"""Fields that say how the chat shows a message."""
_BARE: Final = frozenset({"text", "token", "source"})
"""Fields of a message that is known by its address alone."""
_GLANCE: Final = 4096
"""Characters of a text in which a mark of Slack's is looked for."""
_MARK: Final = re.compile(r"<([^<>\n|]{1,2000})(?:\|([^<>\n]{0,1000}))?>")
_SURE: Final = re.compile(
    r"<(?:https?://[^<>\s|]+\||![a-z]|[@#][UWC][A-Z0-9]{6,}[|>])"
    r"|^\*[^*\s:][^*\n:]{0,60}:\*\s",
    re.MULTILINE,
)
"""What stands in the text of no other tool: links, mentions, and lines with a bold label."""
_EMOJI: Final = re.compile(r":([a-z0-9_+-]{2,40}):")
_LABEL: Final = re.compile(r"\A\*([^*\n]{1,60})\*:?[ \t]*\n(?=\S)")
"""A field of a section: a bold name above its value."""


def _recognise(fields: Fields, headers: Headers) -> bool:
    attachments = records(fields, "attachments")[:1]
    if attachments and not _ATTACHMENT.isdisjoint(attachments[0]):
        return "contentType" not in attachments[0]
    blocks = records(fields, "blocks")[:1]
    if blocks and text(blocks[0], "type"):
        return True
    message, channel = fields.get("text"), fields.get("channel")
    if not isinstance(message, str):
        return False
    if fields.get("attachments") == []:  # as Slack's own client libraries write it
        return True
    to_room = isinstance(channel, str) and channel.startswith(("#", "@"))
    return (
        to_room or any(name in fields for name in _OF_CHAT) or bool(_SURE.search(message[:_GLANCE]))
    )


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not (fields.keys() <= _BARE or _recognise(fields, headers)):
        return None
    message = Message(_read, sender=text(fields, "username"))
    if fields.get("attachments") or fields.get("blocks"):
        message.lead(text(fields, "text"))
    else:
        message.add(text(fields, "text"))
    _add_blocks(message, fields)
    for attachment in message.records(fields, "attachments"):
        _add_attachment(message, attachment)
    return message.translate("text", "channel")


def _add_attachment(message: Message, attachment: Fields) -> None:
    message.colour(read_colour(attachment.get("color")))
    message.add(text(attachment, "pretext"), text(attachment, "author_name"))
    message.head(text(attachment, "title"))
    message.add(text(attachment, "text"))
    for entry in message.records(attachment, "fields"):
        short = entry.get("short") is True
        message.add_field(text(entry, "title"), text(entry, "value"), short=short)
    _add_blocks(message, attachment)
    _add_actions(message, message.records(attachment, "actions"))
    if not any(attachment.get(name) for name in ("pretext", "title", "text", "fields", "blocks")):
        message.add(text(attachment, "fallback"))
    message.put(text(attachment, "title_link"), text(attachment, "image_url"))


def _add_actions(message: Message, actions: Iterable[Fields]) -> None:
    """Add buttons that open an address; others act within Slack."""
    for action in actions:
        label = text(action, "text.text") or text(action, "text")
        message.add_link(label, text(action, "url"))


def _add_blocks(message: Message, holder: Fields) -> None:
    for block in message.records(holder, "blocks"):
        match text(block, "type"):
            case "header":
                message.head(_text_of(block.get("text")))
            case "section":
                message.add(_text_of(block.get("text")))
                _add_fields(message, message.records(block, "fields"))
                _add_actions(message, [record(block, "accessory")])
            case "context":
                message.add(
                    "  ".join(text(one, "text") for one in message.records(block, "elements"))
                )
            case "actions":
                _add_actions(message, message.records(block, "elements"))
            case "rich_text":
                message.put(joined(_rich(message, block, 0)))
            case _:
                names = ("title", "text", "alt_text", "image_url", "title_url")
                message.add(*(_text_of(block.get(name)) for name in names))


def _add_fields(message: Message, fields: Iterable[Fields]) -> None:
    """Add the fields of a section: texts, usually a bold name above its value."""
    for entry in fields:
        written = text(entry, "text").strip()
        label = _LABEL.match(written)
        if label is None:
            message.add(written)
        else:
            message.add_field(label[1], written[label.end() :])


def _text_of(value: object) -> str:
    """Get the text of a text object, or a text."""
    if not isinstance(value, dict):
        return value if isinstance(value, str) else ""
    fields = cast("Fields", value)
    return text(fields, "text") or text(fields, "alt_text")


def _rich(message: Message, value: object, depth: int) -> Iterator[str]:
    """Write an element of a `rich_text` block with all that is in it."""
    if depth > MAX_DEPTH or not isinstance(value, dict):
        return
    element = cast("Fields", value)
    match text(element, "type"):
        case "text":
            yield str(element.get("text") or "")
        case "link":
            yield linked(text(element, "text"), text(element, "url"))
        case "emoji":
            yield _emoji(element)
        case "user" | "channel" | "usergroup" as kind:
            yield f"@{text(element, f'{kind}_id')}"
        case "broadcast":
            yield f"@{text(element, 'range')}"
        case "rich_text_list":
            for entry in message.records(element, "elements"):
                yield f"• {joined(_rich(message, entry, depth + 1))}\n"
        case _:
            for entry in message.records(element, "elements"):
                yield from _rich(message, entry, depth + 1)
            yield "\n"


def _emoji(element: Fields) -> str:
    """Write an emoji, whose `unicode` has its code points in hexadecimal digits."""
    try:
        return "".join(chr(int(code, 16)) for code in text(element, "unicode")[:64].split("-"))
    except (ValueError, OverflowError):
        return f":{text(element, 'name')}:"


def read_mrkdwn(mrkdwn: str) -> str:
    """Write the links, mentions, dates and emoji in a text of Slack's or Google Chat's."""
    written = _EMOJI.sub(lambda code: EMOJIS.get(code[1], code[0]), mrkdwn)
    return _MARK.sub(_read_mark, written)


def _read(mrkdwn: str) -> str:
    return from_markdown(read_mrkdwn(mrkdwn))


def _read_mark(mark: re.Match[str]) -> str:
    target, label = mark[1], mark[2] or ""
    if target.startswith(("http://", "https://")):
        return spaced(linked(label, target), mark)
    if target.startswith("mailto:"):
        return label or target.removeprefix("mailto:")
    if target.startswith("!date^"):
        return local_time(target.split("^", 2)[1]) or label
    if target.startswith(("!", "@", "#", "users/")):
        name = label or target.lstrip("!@#").removeprefix("users/").partition("^")[0]
        return f"{'#' if target[0] == '#' else '@'}{name.lstrip('@#')}"
    return f"{label}（{target}）" if label else mark[0]


SOURCE: Final = Source(
    "Slack",
    frozenset({"attachments", "blocks", "text"}),
    _recognise,
    _translate,
    answer="ok",
)
