"""Reads what tools write as reports. Pure."""
