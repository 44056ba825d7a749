"""OAuth 2.0 as pure functions and rows: requests, clients, scopes, errors, metadata. Does no I/O."""
