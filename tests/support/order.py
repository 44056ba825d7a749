"""Which tests go to which side of `pytest -n`, and in which order: a plugin, so that the same holds without sides.

Owns what takes long and what goes together. Both are for speed alone: a wrong row costs time and nothing else.
"""

from collections import Counter

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

TOGETHER = ("tests/faults", "tests/foreign_backend", "tests/idempotency", "tests/oauth/screen", "tests/revocations")
"""Folders whose files share a stack of their own."""
LONG_S = {
    "tests/revocations": 280,
    "tests/faults": 370,
    "tests/browser/test_pages_in_a_browser.py": 200,
    "tests/clients/test_schemathesis.py": 190,
    "tests/idempotency": 190,
    "tests/local/test_install.py": 120,
    "tests/oauth/screen": 110,
    "tests/envoy/test_edge_failures.py": 95,
    "tests/adding_a_resource/test_a_resource_is_a_declaration.py": 90,
    "tests/local/test_whole_stack.py": 80,
    "tests/deploy/test_production_stack.py": 70,
    "tests/oauth/test_operator_commands.py": 70,
    "tests/scale/test_search_without_a_wall.py": 70,
    "tests/foreign_backend": 65,
    "tests/clients/test_generated_client.py": 60,
    "tests/conformance/test_custom_fields.py": 55,
    "tests/sandbox/test_sandbox_generate.py": 55,
    "tests/sandbox/test_sandbox_writes.py": 50,
    "tests/clients/test_guides.py": 45,
    "tests/sandbox/test_sandbox_faults.py": 45,
    "tests/sandbox/test_sandbox_settings.py": 45,
    "tests/versions/test_a_version_is_a_file.py": 45,
    "tests/clients/test_collection.py": 40,
    "tests/conformance/test_batches.py": 40,
    "tests/conformance/test_search.py": 40,
    "tests/unit/authz/test_authz_process.py": 40,
    "tests/envoy/test_edge_limits.py": 35,
    "tests/oauth/test_oauth_commands.py": 30,
    "tests/stores/test_buckets_model.py": 30,
}
"""What takes longer than its number of tests tells. It begins first: what is left at the end is short then."""
TESTS_A_S = 10
NEARLY_DONE = 2
"""A side begins a test when it knows the next one: whoever has so few left is given more, or told that no more come."""


def scope_of(nodeid: str) -> str:
    """The file, or the folder, whose tests stay together."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long scopes first. Within one the order stays: it is pytest's, by what fixtures cost."""
    counted = Counter(scope_of(item.nodeid) for item in items)
    longest_first = sorted(counted, key=lambda scope: (-_lasts_s(scope, counted[scope]), scope))
    place = {scope: number for number, scope in enumerate(longest_first)}
    items.sort(key=lambda item: place[scope_of(item.nodeid)])


def _lasts_s(scope: str, tests: int) -> float:
    return max(LONG_S.get(scope, 0), tests / TESTS_A_S)


class ByScope(LoadScopeScheduling):
    """Hands out scopes as they were collected."""

    def __init__(self, config: pytest.Config, log: object = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)

    def _reschedule(self, node: WorkerController) -> None:
        """After each test. Unlike xdist 3.8 itself it keeps nobody waiting for ever who takes a dead side's place, of
        which a single test may be left, or what had long been done.
        """
        if node.shutting_down:
            return
        while self.workqueue and self._pending_of(self.assigned_work[node]) <= NEARLY_DONE:
            self._assign_work_unit(node)
        if not self.workqueue:
            node.shutdown()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByScope:
    """Whatever `--dist` says."""
    return ByScope(config, log)
