"""Revocations, suspensions and plan overrides, as the authorization server tells them and an authoriser holds them.

`events` are what is told, `held` is what is known of them, `snapshot` keeps that on a disk, `follower` reads the feed.
"""
