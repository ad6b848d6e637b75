"""Reads what other tools write: a file for each. Pure."""
