"""Reports: what one is, and how what arrives becomes one."""

from .decode import MAX_VALUES, decode, decode_text
from .parse import (
    ALIASES,
    MAX_BOT_LENGTH,
    MAX_DATA,
    MAX_DIGITS,
    MAX_ID_LENGTH,
    MAX_LENGTHS,
    MAX_TARGETS,
    MAX_TEXT,
    bot_id,
    dump,
    parse,
    qq_number,
    restore,
)
from .text import clean
from .values import EVENT_LABELS, Report, Result

__all__ = [
    "ALIASES", "EVENT_LABELS", "MAX_BOT_LENGTH", "MAX_DATA", "MAX_DIGITS", "MAX_ID_LENGTH",
    "MAX_LENGTHS", "MAX_TARGETS", "MAX_TEXT", "MAX_VALUES", "Report", "Result", "bot_id", "clean",
    "decode", "decode_text", "dump", "parse", "qq_number", "restore",
]  # fmt: skip
