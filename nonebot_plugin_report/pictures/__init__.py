"""Decodes, shrinks and covers pictures, off the event loop and within a bound of memory."""
