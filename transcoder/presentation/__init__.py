"""Records and errors on their way out: public JSON in the caller's version, entity tags, problems."""
