"""The HTTP endpoints of the authorization server, and the phases that they share."""
