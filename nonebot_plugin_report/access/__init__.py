"""Who may push, and to whom."""
