"""The one exception of the shell: something to tell the caller. Anything else that is raised is a surprise: ours."""

from collections.abc import Mapping, Sequence
from typing import Any

from contract.problems import ItemError, Problem


class ApiError(Exception):
    """A problem row with what this call adds to it; the problem middleware renders it."""

    def __init__(
        self,
        problem: Problem,
        detail: str | None = None,
        *,
        errors: Sequence[ItemError] | None = None,
        outcome: str | None = None,
        headers: Mapping[str, str] | None = None,
        cause: str | None = None,
        **members: Any,
    ) -> None:
        """`cause` is for the log alone; `members` are the problem's own extension members."""
        super().__init__(problem.code)
        self.problem = problem
        self.detail = detail
        self.errors = errors
        self.outcome = outcome
        self.headers = headers or {}
        self.cause = cause
        self.members = members
