"""The channels, one file each, found by its name."""
