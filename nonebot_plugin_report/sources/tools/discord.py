"""Discord's webhooks: {content, embeds, components}, as JSON or, with files, as `payload_json`.
Pure.

https://discord.com/developers/docs/resources/webhook#execute-webhook,
https://discord.com/developers/docs/components/reference, https://discord.com/developers/docs/reference#message-formatting.
BetterGI writes components (Service/Notifier/DiscordWebhookNotifier.cs). A webhook answers nothing,
and MAA takes anything else for a failure (DiscordWebhookNotificationProvider.cs).
"""

import re
from typing import Final, cast

from ..base import Fields, Headers, Source, Translated, moment, record, records, text
from ..chat import MAX_DEPTH, Message, local_time, spaced
from ..markup import from_markdown
from ..states import read_colour

_EMBED: Final = frozenset(
    {"title", "description", "fields", "color", "author", "footer", "image", "thumbnail", "url"}
)
_OF_CHAT: Final = ("username", "avatar_url", "tts", "allowed_mentions", "flags", "thread_name")
"""Fields that say how the chat shows a message."""
_BARE: Final = frozenset({"content", "token", "source"})
"""Fields of a message that is known by its address alone, as MAA writes it."""
_MARK: Final = re.compile(
    r"<(?:t:(?P<time>-?\d{1,12})(?::[a-zA-Z])?|a?(?P<emoji>:\w{1,64}:)\d{1,20}"
    r"|(?P<mention>@[!&]?|#)(?P<id>\d{1,20})|/(?P<command>[\w -]{1,64}):\d{1,20}"
    r"|(?P<url>https?://[^\s<>]{1,2000}))>"
)
_SMALL: Final = re.compile(r"^-# ", re.MULTILINE)
_EVERYBODY: Final = re.compile(r"@(?:everyone|here)\b|<@[!&]?\d{1,20}>")


def _recognise(fields: Fields, headers: Headers) -> bool:
    fields = _opened(fields)
    embeds = records(fields, "embeds")[:1]
    if embeds and not _EMBED.isdisjoint(embeds[0]):
        return True
    components = records(fields, "components")[:1]
    if components and isinstance(components[0].get("type"), int):
        return True
    return isinstance(fields.get("content"), str) and any(name in fields for name in _OF_CHAT)


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not (fields.keys() <= _BARE or _recognise(fields, headers)):
        return None
    opened = _opened(fields)
    message = Message(_read, sender=text(opened, "username"))
    content = text(opened, "content")
    # Whom Discord would call has nothing to do with who gets it here.
    message.add(content if _EVERYBODY.sub("", content).strip() else "")
    for embed in message.records(opened, "embeds"):
        _add_embed(message, embed)
    for component in message.records(opened, "components"):
        _add_component(message, component, 0)
    if not (message.title or message.parts):
        message.add(content)
    return message.translate("content")


def _opened(fields: Fields) -> Fields:
    """Read `payload_json`, beside which a form may have fields, too."""
    return {**fields, **record(fields, "payload_json")}


def _add_embed(message: Message, embed: Fields) -> None:
    message.colour(read_colour(embed.get("color")))
    author, title = text(embed, "author.name"), text(embed, "title")
    message.head(title or author)
    message.add(text(embed, "description"))
    message.put("" if author in (title or author) else author)
    for entry in message.records(embed, "fields"):
        short = entry.get("inline") is True
        message.add_field(text(entry, "name"), text(entry, "value"), short=short)
    links = (text(embed, path) for path in ("url", "image.url"))
    message.put(*(link for link in links if link.startswith("http")), text(embed, "footer.text"))
    at = text(embed, "timestamp")
    message.at = message.at or at
    if at and moment(at) is None and moment(f"{at}+00:00") is not None:  # Uptime Kuma's is UTC
        message.at = f"{at}+00:00"


def _add_component(message: Message, component: Fields, depth: int) -> None:
    """Add a component: a text, a button with an address, or others that it holds."""
    if depth > MAX_DEPTH:
        return
    message.colour(read_colour(component.get("accent_color")))
    message.add(text(component, "content"))
    message.add_link(text(component, "label"), text(component, "url"))
    for held in message.records(component, "components"):
        _add_component(message, held, depth + 1)
    accessory = record(component, "accessory")
    if accessory:
        _add_component(message, accessory, depth + 1)


def _read(content: str) -> str:
    """Write a text of Discord's as people read it: its times, mentions and emoji."""
    return from_markdown(_SMALL.sub("", _MARK.sub(_read_mark, content)))


def _read_mark(mark: re.Match[str]) -> str:
    if mark["time"]:
        return local_time(mark["time"]) or mark[0]
    if mark["url"]:
        return spaced(mark["url"], mark)
    mention = f"{(mark['mention'] or '')[:1]}{mark['id'] or ''}"
    command = f"/{mark['command']}" if mark["command"] else ""
    return cast("str", mark["emoji"] or mention or command)


SOURCE: Final = Source(
    "Discord",
    frozenset({"embeds", "components", "payload_json", *_OF_CHAT}),
    _recognise,
    _translate,
    answer="",
)
