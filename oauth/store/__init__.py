"""What the authorization server keeps: the database, its tables, and what is asked of them, a file for each.

Knows SQL. Knows no HTTP, no token's text and no page.
"""
