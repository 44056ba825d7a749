"""Which path leads where: every verb of every resource, and every write once more as a dry run.

Owns the paths of the dialect. It must not know what lies behind them.
"""

from functools import partial

from aiohttp import web

from sandbox import handlers
from sandbox.declarations import Resource, Verb
from sandbox.pipeline import BUSINESSES_PATH
from sandbox.tables import TABLES

BASE = BUSINESSES_PATH + "{business_id:[0-9]{1,18}}"
DRY_RUN = "/dry_run"
ONE = "/{id:[0-9]{1,18}}"
READS = {
    Verb.QUERY: ("POST", "/query", handlers.query),
    Verb.LIST: ("GET", "", handlers.listing),
    Verb.GET: ("GET", ONE, handlers.get),
}
WRITES = {
    Verb.CREATE: ("POST", "", handlers.change),
    Verb.UPDATE: ("PUT", ONE, handlers.change),
    Verb.DELETE: ("DELETE", ONE, handlers.change),
    Verb.UNDELETE: ("POST", f"{ONE}/undelete", handlers.change),
    Verb.UPSERT: ("POST", "/upsert", handlers.change),
    Verb.BULK: ("POST", "/bulk", handlers.bulk),
    Verb.TAGS: ("POST", f"{ONE}/tags", handlers.change),
    Verb.STATUS: ("POST", f"{ONE}/status", handlers.change),
    Verb.STAGE: ("POST", f"{ONE}/stage", handlers.change),
    Verb.DONE: ("POST", f"{ONE}/done", handlers.change),
}


def _words(resource: Resource) -> str:
    """The words of a resource in paths, behind its parent's record if it has one."""
    parent = resource.parent
    return f"/{parent.path}/{{parent_id:[0-9]{{1,18}}}}/{resource.path}" if parent else f"/{resource.path}"


def add_routes(router: web.UrlDispatcher) -> None:
    """Add every path."""
    for table in TABLES.values():
        words, verbs = _words(table.resource), table.resource.verbs
        for verb in verbs & READS.keys():
            method, path, read = READS[verb]
            router.add_route(method, BASE + words + path, partial(read, table=table))
        for verb in verbs & WRITES.keys():
            method, path, write = WRITES[verb]
            for prefix in ("", DRY_RUN):
                handler = partial(write, table=table, verb=verb, is_dry=prefix == DRY_RUN)
                router.add_route(method, BASE + prefix + words + path, handler)
    router.add_get(f"{BASE}/profile", handlers.profile)
    router.add_get(f"{BASE}/dedupe/{{key}}", handlers.outcome)
    router.add_put("/faults", handlers.set_fault)
    router.add_delete("/faults", handlers.clear_fault)
    router.add_post("/purge", handlers.purge_as_of)
    router.add_get("/healthz", handlers.healthz)
