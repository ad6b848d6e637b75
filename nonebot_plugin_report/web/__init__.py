"""HTTP and WebSocket: requests in, answers out."""
