"""Commands in QQ."""
