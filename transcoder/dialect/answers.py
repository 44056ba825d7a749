"""[pure] Envelopes outward: results as records, pages and states, or the refusal that they hold."""

from dataclasses import replace

from transcoder.causes import word
from transcoder.dialect.conversions import Unreadable, number
from transcoder.dialect.envelope import Envelope, anything
from transcoder.dialect.own_fields import OwnFields
from transcoder.dialect.refusals import Asked, to_refusal
from transcoder.dialect.rows import Dialect
from transcoder.records import Absent, Done, Page, Query, Refusal, Running, Written


def refusal_in(asked: Asked, answer: Envelope) -> Refusal | None:
    """What the CRM refused, if it did; raises Unreadable."""
    if answer.ok:
        return None
    cause = f"refused as {word(answer.error_code)}"
    try:
        return replace(to_refusal(asked, answer), cause=cause)
    except Unreadable as fault:
        raise type(fault)(f"{fault} ({cause})") from None


def to_written(dialect: Dialect, answer: Envelope, own: OwnFields) -> Written:
    """The record that a write left, and what an upsert says of it."""
    return Written(dialect.reading.one(answer.result, own), answer.created, answer.changed)


def to_page(dialect: Dialect, query: Query, answer: Envelope, own: OwnFields) -> Page:
    """A page, and where the next one begins."""
    paging = answer.paging
    if paging is None or paging.has_more is None or (paging.has_more and paging.next_key is None):
        raise Unreadable("no word on what follows")
    if query.with_total and paging.total is None:
        raise Unreadable("no word on how many there are")
    place = paging.next_key if paging.has_more else None
    return Page(dialect.reading.many(answer.result, own), place, paging.total if query.with_total else None)


def to_outcome(answer: Envelope) -> Done | Running | Absent:
    """What became of a write."""
    match anything(answer.result):
        case {"state": "done", "answer": {"result": {"id": made}}}:
            return Done(number(made))
        case {"state": "done"}:
            return Done(None)
        case {"state": "running"}:
            return Running()
        case {"state": "absent"}:
            return Absent()
    raise Unreadable("an unknown state")
