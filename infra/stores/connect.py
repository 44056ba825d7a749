"""The client that suits what a VALKEY_URL names: one server, or a cluster.

Knows no key and no script; whoever calls one knows nothing of clients.
"""

from typing import Protocol

from infra.stores.valkey import Scripts, place
from infra.stores.valkey_cluster import Cluster
from infra.stores.valkey_pipeline import PipelinedClient


class Client(Scripts, Protocol):
    """Calls scripts until it is closed."""

    async def close(self) -> None:
        """Close every connection."""
        ...


def pipelined_client(url: str, *, timeout_s: float) -> Client:
    """For the hot path: one connection for all callers, or one for each node."""
    where = place(url)
    return Cluster(where, timeout_s=timeout_s) if where.seeds else PipelinedClient(url, timeout_s=timeout_s)
