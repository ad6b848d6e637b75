"""All settings: their types, what fits together, and the messages for wrong ones."""

from ..access.gate import SHORT_TOKEN
from .config import Config, TokenSettings, explain, tell_unknown, unknown_settings
from .examples import TO_FILL, placeholders

__all__ = [
    "SHORT_TOKEN", "TO_FILL", "Config", "TokenSettings", "explain", "placeholders",
    "tell_unknown", "unknown_settings",
]  # fmt: skip
