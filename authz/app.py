"""Builds the authoriser and hands everything down."""

import asyncio

from structlog.typing import FilteringBoundLogger

from authz.limiter import Limiter
from authz.revocations import following, known_or_stopped
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
        async with following(settings.revocations, log) as revocations:
            # Who has never heard what is revoked does not listen yet: to whoever asks it is not there.
            await known_or_stopped(revocations, stop)
            authorizer = Authorizer(limiter, revocations, log, api_url=settings.api_url)
            await serve(authorizer.check, settings.listen, stop)
    finally:
        await valkey.close()
