"""Calls in JSON to a service that answers with HTTP statuses: sent, their answers read strictly. Knows no service."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from contract.problems import UPSTREAM_INVALID
from contract.vocabulary import Json
from transcoder.backend import refusal_causes
from transcoder.backend.interface import Actor, Refusal
from transcoder.backend.upstream import Reply, Upstream
from transcoder.presentation.errors import ApiError

T = TypeVar("T")

RefusalIn = Callable[[Reply], Refusal | None]
"""What the service refuses for the caller's sake; None: the fault is inside."""

DEADLINE_HEADER = "X-Deadline-Ms"
"""Milliseconds that are left; a service that reads it need not work for nobody."""
_NO_BODY = b"null"


async def send_json(
    upstream: Upstream,
    actor: Actor,
    method: str,
    path: str,
    headers: Mapping[str, str],
    kind: type[T],
    refusal_in: RefusalIn,
    body: Json = None,
) -> T | Refusal:
    """What a 2xx answer holds, read as `kind` (NoneType: nothing), or what `refusal_in` makes of any other.

    An answer that neither can read is a 502 and never passed on. Whatever is no GET is taken for a write.
    """
    writes = method != "GET"
    reply = await upstream.send(
        method,
        path,
        headers,
        None if body is None else msgspec.json.encode(body),
        deadline_s=actor.deadline_s,
        deadline_header=DEADLINE_HEADER,
        writes=writes,
    )
    if 200 <= reply.status < 300:
        try:
            return msgspec.json.decode(reply.body or _NO_BODY, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            raise unusable_response(refusal_causes.describe_decode_error(fault), writes=writes) from None
    refusal, cause = refusal_in(reply), refusal_causes.describe_reply(reply.status, reply.body)
    if refusal is None:
        raise unusable_response(cause, writes=writes)
    return replace(refusal, cause=cause)


def refusals_by_message(member: str, sentences: Mapping[str, Callable[[re.Match[str]], Refusal]]) -> RefusalIn:
    """The refusals of a service that says in a sentence, in that member, why it refuses: a row for each sentence.

    A row is a regular expression for the whole sentence, and what its match means.
    """
    rows = [(re.compile(form), meaning) for form, meaning in sentences.items()]

    def refusal_in(reply: Reply) -> Refusal | None:
        try:
            sentence = msgspec.json.decode(reply.body, type=dict[str, Any]).get(member)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        said = ((meaning, form.fullmatch(str(sentence))) for form, meaning in rows)
        return next((meaning(match) for meaning, match in said if match is not None), None)

    return refusal_in


def unusable_response(cause: str, *, writes: bool) -> ApiError:
    """What is said of an answer that cannot be read; of a write nobody knows what became."""
    return ApiError(UPSTREAM_INVALID, outcome="unknown" if writes else "not-applied", cause=cause)


def to_neutral(value: Any) -> Any:
    """Ids and instants as neutral values; all else as it is."""
    match value:
        case UUID():
            return value.int
        case datetime():
            return round(value.timestamp() * 1000)
    return value
