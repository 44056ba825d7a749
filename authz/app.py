"""Builds the authoriser and hands everything down."""

import asyncio

from structlog.typing import FilteringBoundLogger

from authz.limiter import Limiter
from authz.service import Authorizer, serve
from authz.settings import Settings
from authz.telling import Teller
from contract.bounds import STORE_TIMEOUT_S
from stores.buckets import ValkeyBuckets
from stores.pipelined import Pipelined
from stores.receipts import Outbox, ValkeyReceipts
from stores.valkey import Valkey


async def run(settings: Settings, log: FilteringBoundLogger, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    charges = Pipelined(settings.valkey_url, timeout_s=settings.limits_timeout_s)
    valkey = Valkey(settings.valkey_url, timeout_s=STORE_TIMEOUT_S)
    try:
        limiter = Limiter(ValkeyBuckets(charges), log, processes=settings.authz_processes)
        outbox = Outbox(ValkeyReceipts(valkey), log)
        teller = Teller(log, outbox, allowed_share=settings.log_allowed_share)
        authorizer = Authorizer(limiter, log, api_url=settings.api_url, teller=teller)
        async with outbox.delivering():
            await serve(authorizer.check, settings.listen, stop)
    finally:
        await charges.close()
        await valkey.close()
