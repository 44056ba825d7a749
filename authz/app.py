"""Builds the authoriser and hands everything down."""

import asyncio

from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from authz.around import Around, around
from authz.fronts import serve
from authz.limiter import Limiter
from authz.metrics import Tally, watch
from authz.revocations import following, known_or_stopped
from authz.service import Authorizer
from authz.settings import Settings
from authz.telling import Teller
from authz.uses import Usage
from contract.bounds import STORE_TIMEOUT_S
from process.metrics import exposing, new_registry
from process.tracing import tracing
from stores.buckets import ValkeyBuckets
from stores.clients import pipelined
from stores.receipts import Outbox, ValkeyReceipts


async def run(settings: Settings, log: FilteringBoundLogger, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    registry = new_registry()
    with tracing("authz", settings.collector, registry) as tracer:
        await _run(settings, log, registry, around(tracer), stop)


async def _run(
    settings: Settings, log: FilteringBoundLogger, registry: CollectorRegistry, traced: Around, stop: asyncio.Event
) -> None:
    charges = pipelined(settings.valkey_url, timeout_s=settings.limits_timeout_s)
    # A connection of their own: no charge waits behind hundreds of receipts.
    receipts = pipelined(settings.valkey_url, timeout_s=STORE_TIMEOUT_S)
    try:
        limiter = Limiter(traced.buckets(ValkeyBuckets(charges)), log, processes=settings.authz_at_work)
        outbox = Outbox(ValkeyReceipts(receipts), log)
        teller = Teller(log, outbox, Tally(registry), allowed_share=settings.log_allowed_share, note=traced.note)
        usage = Usage(log)
        async with following(settings.revocations, log, usage) as revocations, outbox.delivering():
            watch(registry, limiter, outbox, revocations)
            # Who has never heard what is revoked does not listen yet: to whoever asks it is not there.
            await known_or_stopped(revocations, stop)
            authorizer = Authorizer(limiter, revocations, teller, api_url=settings.api_url, usage=usage)
            checks = traced.checks(authorizer.check_all)
            async with exposing(registry, settings.metrics_listen):
                await serve(checks, settings.listen, stop, settings.front, trace=traced.field)
    finally:
        await charges.close()
        await receipts.close()
