"""The values that pass between the parts, and what can be computed from them alone."""
