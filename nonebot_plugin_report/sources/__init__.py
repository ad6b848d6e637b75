"""From what tools write to a report. Pure."""
