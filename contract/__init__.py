"""Every fact of the public API, frozen: what a partner's developer would notice if it changed.

Knows no network, no clock, no environment and no internal service. Standard library only, and `cryptography` in the
codecs.
"""
