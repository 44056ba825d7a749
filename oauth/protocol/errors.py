"""[pure] The three ways to fail: JSON on the back channel, a redirect to a trusted client, a page for all others.

Owns what a failure carries; what it looks like on the wire is for `answers`. A value, until the shell raises it.
"""

from dataclasses import dataclass

from contract.oauth import OAuthError


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """An OAuth error; `detail` says more than its row does, and never repeats what was sent."""

    error: OAuthError
    detail: str | None = None
    retry_after_s: int | None = None

    @property
    def description(self) -> str:
        """The `error_description`."""
        return self.detail or self.error.description


class RequestRejected(Exception):
    """A refusal on its way to the answer. Never raised out of a transaction that has something to keep."""

    def __init__(self, refusal: ErrorResponse) -> None:
        super().__init__(refusal.description)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class PageProblem:
    """Nobody that could be redirected to is trusted, or there is nothing to go on with: a page tells the user."""

    title: str
    detail: str
    status: int = 400


class PageError(Exception):
    """A page fault on its way to the answer."""

    def __init__(self, fault: PageProblem) -> None:
        super().__init__(fault.title)
        self.fault = fault


UNKNOWN_CLIENT = PageProblem(
    "This app is not known",
    "The link that brought you here names no app that may ask. To whoever made it: there is no such client_id.",
)
BAD_REDIRECT = PageProblem(
    "This app cannot be sent an answer",
    "The link that brought you here asks for an answer at an address that is not the app's. To whoever made it: "
    "redirect_uri has to be one of those that the app is registered with, to the letter.",
)
REQUEST_ENDED = PageProblem(
    "This request has ended", "It was answered, or took too long. Go back to the app and start again."
)
REQUEST_OF_ANOTHER = PageProblem(
    "This is someone else's request", "Go back to the app and start again as yourself.", 403
)
