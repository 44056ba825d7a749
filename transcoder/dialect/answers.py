"""[pure] Envelopes outward: results as records, pages and states, or the refusal that they hold."""

from dataclasses import replace

from transcoder.dialect.conversions import Unreadable, array, integer, number
from transcoder.dialect.envelope import Envelope
from transcoder.dialect.own_fields import OwnFields
from transcoder.dialect.refusals import Asked, to_refusal
from transcoder.dialect.reshape import to_record
from transcoder.dialect.rows import Dialect
from transcoder.records import Absent, Done, Page, Query, Refusal, Running, Written

_TOLD = 200
"""Characters of the service's own words in our log."""


def refusal_in(asked: Asked, answer: Envelope) -> Refusal | None:
    """What the CRM refused, if it did; raises Unreadable."""
    if answer["ok"]:
        return None
    told = f"{answer.get('error_code')}: {answer.get('message')}"[:_TOLD]
    try:
        return replace(to_refusal(asked, answer), cause=told)
    except Unreadable as fault:
        raise type(fault)(f"{fault} ({told})") from None


def to_written(dialect: Dialect, answer: Envelope, own: OwnFields) -> Written:
    """The record that a write left, and what an upsert says of it."""
    created, changed = answer.get("created", False), answer.get("changed", True)
    if not isinstance(created, bool) or not isinstance(changed, bool):
        raise Unreadable("no word on what was done")
    return Written(to_record(dialect, answer.get("result"), own), created, changed)


def to_page(dialect: Dialect, query: Query, answer: Envelope, own: OwnFields) -> Page:
    """A page, and where the next one begins."""
    paging = answer.get("paging")
    if not isinstance(paging, dict):
        raise Unreadable("no page")
    more, place, total = paging.get("has_more"), paging.get("next_key"), paging.get("total")
    if not isinstance(more, bool) or (more and not isinstance(place, str)):
        raise Unreadable("no word on what follows")
    rows = array(answer.get("result"), lambda row: to_record(dialect, row, own))
    return Page(rows, place if more else None, integer(total) if query.with_total else None)


def to_outcome(answer: Envelope) -> Done | Running | Absent:
    """What became of a write."""
    match answer.get("result"):
        case {"state": "done", "answer": {"result": {"id": made}}}:
            return Done(number(made))
        case {"state": "done"}:
            return Done(None)
        case {"state": "running"}:
            return Running()
        case {"state": "absent"}:
            return Absent()
    raise Unreadable("an unknown state")
