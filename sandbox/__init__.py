"""A stand-in for the internal CRM: real enough to argue with, and a stranger to the gateway.

Owns records, their rules and their own dialect of HTTP and JSON (integers for ids, epoch milliseconds, `E_…` codes).
Must not import anything of the gateway, nor be imported by it: what the two share is only what travels between them.
"""
