"""The client that suits what a VALKEY_URL names: one server, or a cluster.

Knows no key and no script; whoever calls one knows nothing of clients.
"""

from typing import Protocol

from stores.cluster import Cluster
from stores.pipelined import PipelinedClient
from stores.valkey import Scripts, place


class Client(Scripts, Protocol):
    """Calls scripts until it is closed."""

    async def close(self) -> None:
        """Close every connection."""
        ...


def pipelined_client(url: str, *, timeout_s: float) -> Client:
    """For the hot path: one connection for all callers, or one for each node."""
    where = place(url)
    return Cluster(where, timeout_s=timeout_s) if where.seeds else PipelinedClient(url, timeout_s=timeout_s)
