"""From a report to what each target gets. Pure."""
