"""What things take, measured on a stack of their own; the figures stand in README.md with their machine and date."""
