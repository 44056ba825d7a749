"""The authorization server: clients, grants and the tokens that come of them, the keys that sign, the revocation log.

A request's way: `app` → an endpoint (`authorize`, or `token`, `revoke`, `introspect` behind `back_channel`) → `grants/`
→ `store/`; what is marked as pure below them decides.

Knows tokens and who they stand for. Knows no resource and no limit.
"""
