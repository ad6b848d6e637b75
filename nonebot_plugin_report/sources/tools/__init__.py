"""What other tools write: one file each. Pure."""
