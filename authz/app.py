"""Builds the authoriser and hands everything down."""

import asyncio

from structlog.typing import FilteringBoundLogger

from authz.limiter import Limiter
from authz.service import Authorizer, serve
from authz.settings import Settings
from stores.buckets import ValkeyBuckets
from stores.pipelined import Pipelined


async def run(settings: Settings, log: FilteringBoundLogger, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    valkey = Pipelined(settings.valkey_url, timeout_s=settings.limits_timeout_s)
    try:
        limiter = Limiter(ValkeyBuckets(valkey), log, processes=settings.authz_processes)
        await serve(Authorizer(limiter, log, api_url=settings.api_url).check, settings.listen, stop)
    finally:
        await valkey.close()
