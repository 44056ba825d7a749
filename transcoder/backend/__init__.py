"""The interface that internal services are reached by, its router, and what helps to implement it."""
