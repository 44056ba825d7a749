"""What outlives a request, each thing once: a Protocol, a memory twin and Valkey, held to one suite. Knows no HTTP."""
