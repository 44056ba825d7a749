"""The contract, printed: an OpenAPI document and a collection a version, and pages of facts. Owns how facts are told.

Holds no fact itself. Knows neither how a request is answered nor where the gateway stands: its origins are examples.
"""
