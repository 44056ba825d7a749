"""The pages of facts: current, whole, and true by the rules that they tell of."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from apidocs.reference_pages import PAGES
from apidocs.settings_page import PROGRAMS, Program, settings, settings_of
from apidocs.sync_durations import format_duration, sync_seconds
from contract import size_and_time_limits
from contract.problem_docs import client_action
from contract.problems import PROBLEMS
from contract.rate_plans import PLANS, Plan, charge_bucket
from infra.process.settings import SettingsReader
from tests.spec import operations as promised
from tests.spec import problems as promised_problems
from tests.support.stack import ROOT

FOLDER = ROOT / "docs" / "reference"
MADE: Mapping[str, Callable[[], str]] = {**PAGES, "settings.md": settings}

TREATED = {
    "retry": {
        "rate-limited",
        "request-timeout",
        "conflict",
        "idempotency-in-progress",
        "idempotency-unavailable",
        "internal-error",
        "upstream-invalid",
        "upstream-unavailable",
        "upstream-timeout",
        "overloaded",
    },
    "re-authenticate": {"authentication-required", "invalid-token"},
    "stop": {
        "insufficient-scope",
        "insufficient-permission",
        "business-suspended",
        "not-supported",
        "idempotency-outcome-unknown",
    },
}
"""What is done about a problem, typed by hand; about all others, `fix`."""


def rows(page: str, columns: int) -> list[list[str]]:
    """The rows of the tables of so many columns."""
    lines = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if len(row) == columns]


@pytest.mark.parametrize("name", MADE)
def test_the_committed_page_is_current(name: str) -> None:
    assert (FOLDER / name).read_text() == MADE[name]()


@pytest.mark.parametrize("name", MADE)
def test_a_table_is_whole(name: str) -> None:
    width = 0
    for line in MADE[name]().splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not width or not cells or cells == width, line
        width = cells


def test_every_problem_says_what_a_client_does_about_it() -> None:
    told = {row[0].strip("`"): (row[1], row[2]) for row in rows(PAGES["problems.md"](), 6)[1:]}
    by_code = {code: do for do, codes in TREATED.items() for code in codes}
    assert told == {
        code: (str(status), by_code.get(code, "fix")) for code, status in promised_problems.PROBLEMS.items()
    }


def test_only_what_may_pass_later_is_sent_again() -> None:
    assert {row for row in PROBLEMS if client_action(row) == "retry"} == {row for row in PROBLEMS if row.retryable}


def test_every_operation_says_what_it_costs_and_needs() -> None:
    told = {
        (row[0].strip("`"), row[1].strip("`"), row[2], row[3].strip("`"), row[4] == "✓")
        for row in rows(PAGES["limits.md"](), 6)[1:]
    }
    assert told == {
        (row.id, f"{row.method} {row.path}", str(row.cost), row.scope or "", row.keyed) for row in promised.OPERATIONS
    }


def test_every_plan_says_what_it_allows() -> None:
    told = {tuple(row) for row in rows(PAGES["limits.md"](), 4)}
    for name, (burst, daily) in promised.PLANS.items():
        rate = f"{burst / 10:g} a second, once the first {burst} are spent"
        assert (f"`{name}`", f"{burst} in 10 s", rate, f"{daily:,} in 86,400 s") in told
    assert ("`starter`", "9 d", "199 d", "33 min 10 s") in told


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_a_sync_takes_as_long_as_the_arithmetic_says(plan: Plan) -> None:
    small = replace(plan, daily=replace(plan.daily, limit=plan.daily.limit // 100, window_s=plan.daily.window_s // 100))
    for tried in (plan, small):
        now_us = full_burst_us = full_daily_us = 0
        for _ in range(2_000):
            waits = []
            for policy, full_at_us in zip(tried.policies, (full_burst_us, full_daily_us), strict=True):
                charged_us = max(full_at_us, now_us) + 10 * policy.interval_us
                waits.append(max(0, charged_us - now_us - policy.window_us))
            now_us += max(waits)
            full_burst_us, first = charge_bucket(full_burst_us, tried.burst, 10, now_us=now_us)
            full_daily_us, second = charge_bucket(full_daily_us, tried.daily, 10, now_us=now_us)
            assert first and second
        assert sync_seconds(tried, 20_000) == -(-now_us // 1_000_000)


def test_durations_are_told_in_two_parts() -> None:
    told = {0: "at once", 59: "59 s", 3_600: "1 h", 19_990: "5 h 33 min", 777_600: "9 d", 90_061: "1 d 1 h"}
    assert {seconds: format_duration(seconds) for seconds in told} == told


def test_every_bound_is_told() -> None:
    numbers = [
        name for name, value in vars(size_and_time_limits).items() if name.isupper() and isinstance(value, int | float)
    ]
    assert len(rows(PAGES["bounds.md"](), 2)) == len(numbers) + 1


@pytest.mark.parametrize("role", promised.ROLES)
def test_every_role_says_what_it_may(role: str) -> None:
    titles, *held = rows(PAGES["scopes.md"](), 5)
    column = titles.index(role)
    may = {row[0].strip("`") for row in held if row[column] == "✓"}
    lowest = {row.scope: row.lowest_role for row in promised.OPERATIONS if row.scope}
    for scope, needed in lowest.items():
        assert (scope in may) is (promised.ROLES.index(needed) <= promised.ROLES.index(role)), scope


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.command)
def test_a_program_reads_no_setting_that_is_not_told(program: Program) -> None:
    names = {row.name for row in settings_of(program)}
    read: list[str] = []

    class Watched(dict[str, str]):
        def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
            read.append(name)
            return default

    with pytest.raises(Exception, match="is not set"):
        program.load(Watched())
    in_files = {f"{name}_FILE" for name in names if not name.endswith("_FILE")}  # told once for all, above the tables
    assert set(read) == names | in_files


def test_a_secret_is_told_as_one() -> None:
    told = {(row[0].strip("`"), row[4]) for row in rows(settings(), 5)}
    assert {("ID_KEY_FILE", "secret"), ("CURSOR_KEYS_FILE", "secret"), ("SIGNING_KEYS_DIR", "secret")} <= told
    assert ("VALKEY_URL", "secret") not in told


def test_a_program_that_needs_nothing_cannot_be_told_of(tmp_path: Path) -> None:
    def load(environment: Mapping[str, str]) -> object:
        reader = SettingsReader(environment)
        reader.read("COLOR", str, "a colour", default="red")
        reader.finish()
        return None

    with pytest.raises(LookupError, match="starts in an empty environment"):
        settings_of(Program("python -m nothing", "", load))
