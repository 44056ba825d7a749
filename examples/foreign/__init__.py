"""Somebody's address book service, and the dialect that makes it the internal service behind the gateway.

`service` imports nothing of ours; `dialect` is what a platform team writes.
"""
