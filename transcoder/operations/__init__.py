"""What each operation does with a validated request, and what all of them share."""
