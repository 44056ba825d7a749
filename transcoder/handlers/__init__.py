"""One handler a kind. A handler has a pure `check` of the body and a `run` that speaks to the internal service."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from contract.vocabulary import Kind
from transcoder.call import Answer, Call
from transcoder.handlers import create, delete, get, page, update
from transcoder.handlers.shared import Desk
from transcoder.records import Values


@dataclass(frozen=True, slots=True)
class Handler:
    """`check` gives the neutral values of a valid body (None: the kind takes no body), `run` the answer."""

    check: Callable[[Call], Values] | None
    run: Callable[[Desk, Call, Values], Awaitable[Answer]]


HANDLERS: Mapping[Kind, Handler] = {
    Kind.LIST: Handler(None, page.run),
    Kind.GET: Handler(None, get.run),
    Kind.CREATE: Handler(create.check, create.run),
    Kind.UPDATE: Handler(update.check, update.run),
    Kind.DELETE: Handler(None, delete.run),
}
