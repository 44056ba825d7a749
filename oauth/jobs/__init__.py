"""What runs beside serving: purging, reviewing personal tokens, watching the revocation log."""
