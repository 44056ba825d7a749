"""Builds the authoriser and hands everything down."""

import asyncio

from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from authz.around import TracingHooks, tracing_hooks
from authz.fronts import serve
from authz.limiter import Limiter
from authz.metrics import DecisionMetrics, register_state
from authz.revocations import follow_revocations, wait_for_snapshot
from authz.service import Authorizer
from authz.settings import Settings
from authz.telling import DecisionLog
from authz.uses import TokenUsage
from contract.bounds import STORE_TIMEOUT_S
from process.metrics import new_registry, serve_metrics
from process.tracing import tracing
from stores.buckets import ValkeyBuckets
from stores.clients import pipelined_client
from stores.receipts import ReceiptQueue, ValkeyReceipts


async def run(settings: Settings, log: FilteringBoundLogger, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    registry = new_registry()
    with tracing("authz", settings.collector, registry) as tracer:
        await _run(settings, log, registry, tracing_hooks(tracer), stop)


async def _run(
    settings: Settings,
    log: FilteringBoundLogger,
    registry: CollectorRegistry,
    traced: TracingHooks,
    stop: asyncio.Event,
) -> None:
    charges = pipelined_client(settings.valkey_url, timeout_s=settings.limits_timeout_s)
    # A connection of their own: no charge waits behind hundreds of receipts.
    receipts = pipelined_client(settings.valkey_url, timeout_s=STORE_TIMEOUT_S)
    try:
        limiter = Limiter(traced.wrap_buckets(ValkeyBuckets(charges)), log, processes=settings.replicas)
        outbox = ReceiptQueue(ValkeyReceipts(receipts), log)
        teller = DecisionLog(
            log, outbox, DecisionMetrics(registry), allowed_share=settings.log_allowed_share, note=traced.on_decision
        )
        usage = TokenUsage(log)
        async with follow_revocations(settings.revocations, log, usage) as revocations, outbox.deliver_in_background():
            register_state(registry, limiter, outbox, revocations)
            # Who has never heard what is revoked does not listen yet: to whoever asks it is not there.
            await wait_for_snapshot(revocations, stop)
            authorizer = Authorizer(limiter, revocations, teller, api_url=settings.api_url, usage=usage)
            checks = traced.wrap_checks(authorizer.check_all)
            async with serve_metrics(registry, settings.metrics_listen):
                await serve(checks, settings.listen, stop, settings.server, trace=traced.trace_header)
    finally:
        await charges.close()
        await receipts.close()
