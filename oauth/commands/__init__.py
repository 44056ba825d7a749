"""The command line of the authorization server: for operators, and for signing keys."""
