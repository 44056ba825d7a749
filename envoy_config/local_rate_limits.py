"""The two coarse limits in front of the exact one: per address before the token, per token family before authz.

Neither is what was sold to anyone; authz counts that. Their own headers stay off: authz alone writes those.
"""

from contract.headers import RATE_REMAINING
from contract.rate_plans import PLANS
from envoy_config.deployment import Deployment
from envoy_config.proto import Yaml, extension, overwrite_headers
from envoy_config.route_overrides import JWT, JWT_PAYLOAD

MAX_RATE_KEYS = 10_000
"""Addresses, or token families, counted at once; the default of 20 would limit nothing."""

_BURST_S = 10
_SPIKE = 2 * max(plan.burst.limit for plan in PLANS.values())
_SPIKE_PER_S = -(-_SPIKE // min(plan.burst.window_s for plan in PLANS.values()))
_UNCOUNTED = 2**32 - 1


def per_address_limit(deployment: Deployment) -> Yaml:
    """Per address, of IPv6 per /64: one household or host may own all of it."""
    masked = {"v4_prefix_mask_len": 32, "v6_prefix_mask_len": 64}
    per_s = deployment.address_limit_per_s
    return _guard(
        "address_guard",
        {"masked_remote_address": masked},
        "masked_remote_address",
        _bucket(per_s * _BURST_S, per_s),
    )


def per_token_limit() -> Yaml:
    """Per `rate_key`, at twice the largest plan: a runaway client costs no decision."""
    key = "rate_key"
    action = {
        "metadata": {
            "descriptor_key": key,
            "metadata_key": {"key": JWT, "path": [{"key": JWT_PAYLOAD}, {"key": key}]},
            "source": "DYNAMIC",
        }
    }
    spent = overwrite_headers({RATE_REMAINING: "0"})
    return _guard("spike_arrest", action, key, _bucket(_SPIKE, _SPIKE_PER_S), response_headers_to_add=spent)


def _guard(name: str, action: Yaml, key: str, bucket: Yaml, **more: object) -> Yaml:
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return extension(
        f"edge.{name}",
        "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix=name,
        # Requests without a descriptor (no token yet) are not for this guard to count.
        token_bucket=_bucket(_UNCOUNTED, _UNCOUNTED),
        always_consume_default_token_bucket=False,
        filter_enabled=always,
        filter_enforced=always,
        rate_limits=[{"actions": [action]}],
        # A descriptor without a value stands for every value, each with a bucket of its own.
        descriptors=[{"entries": [{"key": key}], "token_bucket": bucket}],
        max_dynamic_descriptors=MAX_RATE_KEYS,
        enable_x_ratelimit_headers="OFF",
        **more,
    )


def _bucket(burst: int, per_s: int) -> Yaml:
    return {"max_tokens": burst, "tokens_per_fill": per_s, "fill_interval": "1s"}
