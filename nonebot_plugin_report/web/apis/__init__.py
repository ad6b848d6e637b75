"""Other services' APIs, for tools that can push to these services only."""
