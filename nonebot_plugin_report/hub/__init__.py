"""The one place where the parts meet."""

from .health import Health
from .hub import Hub

__all__ = ["Health", "Hub"]
