"""The edge: the contract's facts, printed as Envoy's configuration.

A module per Envoy feature, each a few pure functions that return plain mappings. Knows Envoy 1.40 and the contract;
knows no resource, no internal service's dialect and nothing of how processes are started.
"""
