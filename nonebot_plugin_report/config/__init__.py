"""All settings: their types, what fits together, and the messages for wrong ones."""

from ..access.gate import SHORT_TOKEN
from .config import Config, TokenSettings, explain, tell_unknown, unknown_settings

__all__ = [
    "SHORT_TOKEN", "Config", "TokenSettings", "explain", "tell_unknown", "unknown_settings",
]  # fmt: skip
