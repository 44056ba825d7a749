"""Making tokens: claims, signatures, opaque secrets, and what is remembered of each."""
