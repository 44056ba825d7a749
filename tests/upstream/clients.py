"""The clients that keep the same promises: our own, and aiohttp's, which is the reference."""

from collections.abc import Mapping

from tests.upstream.aiohttp_client import client
from transcoder.backend.http_client import MakeClient, pooled_client

CLIENTS: Mapping[str, MakeClient] = {"pooled": pooled_client, "aiohttp": client}
