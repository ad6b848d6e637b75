"""Wires all parts of the plugin together."""

from .health import Health
from .hub import Hub

__all__ = ["Health", "Hub"]
