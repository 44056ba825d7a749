"""The contract, printed as OpenAPI: one document a version. Owns how facts are told, and no fact.

Knows neither how a request is answered nor where the gateway stands: its origins are examples.
"""
