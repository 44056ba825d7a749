"""Builds the authoriser and hands everything down."""

import asyncio

from structlog.typing import FilteringBoundLogger

from authz.limiter import Limiter
from authz.service import Authorizer, serve
from authz.settings import Settings
from contract.bounds import STORE_TIMEOUT_S
from stores.buckets import ValkeyBuckets
from stores.valkey import Valkey


async def run(settings: Settings, log: FilteringBoundLogger, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    valkey = Valkey(settings.valkey_url, timeout_s=STORE_TIMEOUT_S)
    try:
        limiter = Limiter(ValkeyBuckets(valkey), log)
        await serve(Authorizer(limiter, log, api_url=settings.api_url).check, settings.listen, stop)
    finally:
        await valkey.close()
