"""Where messages leave; one file a channel."""
