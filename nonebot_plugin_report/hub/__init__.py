"""The one place where the parts meet."""

from .hub import Health, Hub

__all__ = ["Health", "Hub"]
