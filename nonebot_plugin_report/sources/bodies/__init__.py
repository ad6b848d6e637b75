"""Decodes bodies to fields, whatever their format. Pure."""
