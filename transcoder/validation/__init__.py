"""A caller's values in, neutral values or every fault at once out. Does no I/O."""
