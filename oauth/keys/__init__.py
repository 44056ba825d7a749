"""Signing keys: their files, their life from staged to removed, and the public key set."""
