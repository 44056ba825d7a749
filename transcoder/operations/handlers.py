"""One handler a kind. A handler has a pure `check` of the body and a `run` that speaks to the internal service."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from contract.vocabulary import Kind
from transcoder.operations import (
    action,
    batch,
    batch_bodies,
    create,
    delete,
    explain,
    get,
    list_records,
    me,
    requests,
    restore,
    search,
    update,
    upsert,
)
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import HandlerContext


@dataclass(frozen=True, slots=True)
class Handler:
    """`check` gives what `run` works with, from a valid body; None: the kind takes no body.

    `may_lack_body`: no body at all is as good as an empty object.
    """

    check: Callable[[Call], Any] | None
    run: Callable[[HandlerContext, Call, Any], Awaitable[Answer]]
    may_lack_body: bool = False


HANDLERS: Mapping[Kind, Handler] = {
    Kind.LIST: Handler(None, list_records.run),
    Kind.GET: Handler(None, get.run),
    Kind.CREATE: Handler(create.check, create.run),
    Kind.UPDATE: Handler(update.check, update.run),
    Kind.DELETE: Handler(None, delete.run),
    Kind.RESTORE: Handler(None, restore.run),
    Kind.SEARCH: Handler(search.check, search.run, may_lack_body=True),
    Kind.UPSERT: Handler(upsert.check, upsert.run),
    Kind.BATCH_CREATE: Handler(batch_bodies.create_items, batch.run_create),
    Kind.BATCH_GET: Handler(partial(batch_bodies.id_items, distinct=False), batch.run_get),
    Kind.BATCH_UPDATE: Handler(batch_bodies.update_items, batch.run_update),
    Kind.BATCH_DELETE: Handler(partial(batch_bodies.id_items, distinct=True), batch.run_delete),
    Kind.BATCH_UPSERT: Handler(batch_bodies.upsert_items, batch.run_upsert),
    Kind.ACTION: Handler(action.check, action.run, may_lack_body=True),
    Kind.ME: Handler(None, me.run),
    Kind.REQUESTS: Handler(None, requests.run_list),
    Kind.RECEIPT: Handler(None, requests.run_get),
    Kind.EXPLAIN: Handler(explain.check, explain.run),
}
