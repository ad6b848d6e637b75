"""Sends to QQ by bots that speak OneBot 11 or 12."""
