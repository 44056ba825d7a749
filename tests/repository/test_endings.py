"""Whoever ends waits longer than whoever is waited for: a constant that is changed alone would cut somebody off."""

from contract.size_and_time_limits import EDGE_TIMEOUT_S, REQUEST_TIMEOUT_S
from deploy.local.process_runner import PREDECESSOR_GONE_WITHIN_S
from deploy.local.services import ENVOY_DRAINS_S, ENVOY_LEAVES_AFTER_S
from envoy_config.clusters import clusters
from envoy_config.deployment import Deployment
from infra.process.http_server import DRAIN_S, LINGER_S


def test_a_service_that_ends_waits_longer_than_a_request_may_take() -> None:
    assert LINGER_S + DRAIN_S > REQUEST_TIMEOUT_S


def test_the_edge_closes_what_is_idle_before_a_service_that_ends_does() -> None:
    for cluster in clusters(Deployment()):
        for options in cluster.get("typed_extension_protocol_options", {}).values():
            if "http_protocol_options" in options["explicit_http_config"]:
                idle = options["common_http_protocol_options"]["idle_timeout"]
                assert float(idle.removesuffix("s")) < LINGER_S


def test_an_envoy_that_hands_over_ends_after_all_that_it_had_begun() -> None:
    assert ENVOY_LEAVES_AFTER_S > ENVOY_DRAINS_S + EDGE_TIMEOUT_S


def test_a_predecessor_is_killed_only_after_it_could_have_finished() -> None:
    assert PREDECESSOR_GONE_WITHIN_S > LINGER_S + DRAIN_S
