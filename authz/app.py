"""Builds the authoriser and hands everything down."""

import asyncio

from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from authz.decision_log import DecisionLog
from authz.limiter import Limiter
from authz.metrics import DecisionMetrics, register_state
from authz.revocation_feed import follow_revocations, wait_for_snapshot
from authz.server import serve
from authz.service import Authorizer
from authz.settings import Settings
from authz.token_usage import TokenUsage
from authz.tracing_hooks import TracingHooks, tracing_hooks
from contract.size_and_time_limits import STORE_TIMEOUT_S
from infra.process.metrics import new_registry, serve_metrics
from infra.process.tracing import tracing
from infra.stores.connect import pipelined_client
from infra.stores.rate_limits import ValkeyBuckets
from infra.stores.receipts import ReceiptQueue, ValkeyReceipts


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
