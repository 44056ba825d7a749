"""The pages that developers read: facts and templates in, bytes out. Knows no request and no internal service."""
