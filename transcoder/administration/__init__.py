"""What the authorization server speaks of tokens and apps, which are records of its own: its dialect, and no other's.

Implements `records.Records` for these resources; the wire's forms are `stores.administration`'s, which both ends read.
"""

from transcoder.administration.shelves import ADMINISTERED, OAuthBackend

__all__ = ["ADMINISTERED", "OAuthBackend"]
