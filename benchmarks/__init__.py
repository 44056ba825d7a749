"""Measures; asserts nothing. Each program writes a table with the machine, the date and the commit it was made with."""
