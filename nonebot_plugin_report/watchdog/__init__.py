"""Events that should have come."""
