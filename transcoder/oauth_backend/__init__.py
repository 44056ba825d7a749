"""What the authorization server speaks of tokens and apps, which are records of its own: its dialect, and no other's.

Implements `records.Backend` for these resources; the wire's forms are `infra.stores.oauth_admin_messages`'s, which both
ends read.
"""

from transcoder.oauth_backend.backend import ADMINISTERED, OAuthBackend

__all__ = ["ADMINISTERED", "OAuthBackend"]
