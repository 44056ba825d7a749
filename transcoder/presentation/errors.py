"""The one exception of the shell: something to tell the caller. Anything else that is raised is a surprise: ours."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar, cast

from contract.problems import ItemError, Problem

P = ParamSpec("P")
T = TypeVar("T")


class ApiError(Exception):
    """A problem row with what this call adds to it; the pipeline renders it."""

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

    @property
    def may_have_happened(self) -> bool:
        """Whether a write that ended so may have been carried out."""
        return self.problem.retryable and (self.outcome or self.problem.outcome) == "unknown"

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed at another time, as its caller is told."""
        return bool(self.members.get("retryable", self.problem.retryable))


class ErrorCollector:
    """Reads several things and tells the faults of all of them together: read each, `finish`, use."""

    def __init__(self) -> None:
        self._raised: list[ApiError] = []

    def read(self, reading: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """What `reading` gives. After an ApiError it is no value: nothing may use it before `finish` has passed."""
        try:
            return reading(*args, **named)
        except ApiError as error:
            self._raised.append(error)
            return cast("T", None)

    def finish(self) -> None:
        """Raise the first problem with the item errors of all."""
        if self._raised:
            errors = [item for error in self._raised for item in error.errors or ()]
            raise ApiError(self._raised[0].problem, errors=errors)
