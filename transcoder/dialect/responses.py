"""[pure] Envelopes outward: results as records, pages and states, or the refusal that they hold."""

from dataclasses import replace

from transcoder.backend.interface import Page, Query, Refusal, WriteAbsent, WriteDone, WriteResult, WriteRunning
from transcoder.backend.refusal_causes import safe_word
from transcoder.dialect.conversions import UnreadableResponse, number
from transcoder.dialect.custom_values import CustomFields
from transcoder.dialect.envelope import Envelope, read_any
from transcoder.dialect.error_mapping import RefusalContext, to_refusal
from transcoder.dialect.mapping import ResourceMapping


def refusal_of(asked: RefusalContext, answer: Envelope) -> Refusal | None:
    """What the CRM refused, if it did; raises UnreadableResponse."""
    if answer.ok:
        return None
    cause = f"refused as {safe_word(answer.error_code)}"
    try:
        return replace(to_refusal(asked, answer), cause=cause)
    except UnreadableResponse as fault:
        raise type(fault)(f"{fault} ({cause})") from None


def to_write_result(dialect: ResourceMapping, answer: Envelope, own: CustomFields) -> WriteResult:
    """The record that a write left, and what an upsert says of it."""
    return WriteResult(dialect.reader.read(answer.result, own), answer.created, answer.changed)


def to_page(dialect: ResourceMapping, query: Query, answer: Envelope, own: CustomFields) -> Page:
    """A page, and where the next one begins."""
    paging = answer.paging
    if paging is None or paging.has_more is None or (paging.has_more and paging.next_key is None):
        raise UnreadableResponse("no word on what follows")
    if query.with_total and paging.total is None:
        raise UnreadableResponse("no word on how many there are")
    place = paging.next_key if paging.has_more else None
    return Page(dialect.reader.read_many(answer.result, own), place, paging.total if query.with_total else None)


def to_outcome(answer: Envelope) -> WriteDone | WriteRunning | WriteAbsent:
    """What became of a write."""
    match read_any(answer.result):
        case {"state": "done", "answer": {"result": {"id": made}}}:
            return WriteDone(number(made))
        case {"state": "done"}:
            return WriteDone(None)
        case {"state": "running"}:
            return WriteRunning()
        case {"state": "absent"}:
            return WriteAbsent()
    raise UnreadableResponse("an unknown state")
