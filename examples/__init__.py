"""Worked examples for platform teams; nothing of the gateway imports them."""
