"""What must hold of the readers of texts: JSON, ids, cursors, headers, and of what problems are written as.

A judgement takes bytes and raises AssertionError where it does not hold; what it returns tells the cases apart. Asked
are public functions alone, so that their insides may change.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from contract import headers
from contract.cursor import CursorError, Position, open_cursor, query_hash, seal_cursor
from contract.ids import Codec, ForeignId, IdCodec, MalformedId, UuidCodec
from contract.operations import BY_ID
from contract.problems import PROBLEMS, ItemError, render
from contract.sealing import parse_key_ring
from contract.size_and_time_limits import MAX_NESTING
from contract.vocabulary import TenantId
from tests.fuzz.choices import Choices
from tests.spec.operations import PREFIXES
from transcoder.http import media_types, strict_json
from transcoder.presentation.errors import ApiError
from transcoder.presentation.etags import parse_precondition

TENANT, STRANGER = TenantId(1), TenantId(2)
KEY = bytes(range(32))
NOW_S = 1_781_769_600
_BOM = b"\xef\xbb\xbf"


class _Unwelcome(ValueError):
    pass


def judge_json(data: bytes) -> object:
    """It is read exactly when the standard's rules allow it, and then as the standard library reads it."""
    found, expected = strict_json.parse(data), _as_json(data)
    if isinstance(found, strict_json.MalformedJson):
        assert expected is _Unwelcome, "refused, and good"
        assert 1 <= found.line <= data.count(b"\n") + 1
        assert 1 <= found.column <= len(data) + 1
        return found.reason
    assert expected is not _Unwelcome, "taken, and not good"
    assert found == expected
    return type(found)


def _as_json(data: bytes) -> Any:
    try:
        value = json.loads(
            data.removeprefix(_BOM).decode(),
            object_pairs_hook=_pairs,
            parse_constant=_never,
            parse_int=Decimal,
            parse_float=_decimal,
        )
        _see(value, 0)
    except (ValueError, RecursionError):
        return _Unwelcome
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise _Unwelcome
    return dict(pairs)


def _never(_: str) -> None:
    raise _Unwelcome


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        raise _Unwelcome from None


def _see(value: Any, depth: int) -> None:
    """Nothing too deep, and no character that is none."""
    match value:
        case dict():
            parts = [*value.values(), *value]
        case list():
            parts = value
        case str():
            if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
                raise _Unwelcome
            return
        case _:
            return
    if depth >= MAX_NESTING:
        raise _Unwelcome
    for part in parts:
        _see(part, depth + 1)


_CODECS: tuple[Codec, ...] = (IdCodec(KEY), UuidCodec(KEY))
_PREFIXES = tuple(PREFIXES.values())


def judge_ids(data: bytes) -> object:
    """A text opens only where its record's id is that very text; sealed for one business it is no other's."""
    choices = Choices(data)
    codec, prefix, other = choices.one(_CODECS), choices.one(_PREFIXES), choices.one(_PREFIXES)
    number = int.from_bytes(choices.rest()[:16], "big") % (2**128 if codec is _CODECS[1] else 2**63)
    text = codec.seal(prefix, TENANT, number)
    assert codec.open(prefix, TENANT, text) == number
    assert isinstance(codec.open(prefix, STRANGER, text), ForeignId)
    assert prefix == other or isinstance(codec.open(other, TENANT, text), MalformedId)
    assert prefix == other or isinstance(codec.open(other, TENANT, other + text.removeprefix(prefix)), ForeignId)
    return _judge_text(codec, prefix, _spoilt(text, data))


def _judge_text(codec: Codec, prefix: str, text: str) -> object:
    opened = codec.open(prefix, TENANT, text)
    if isinstance(opened, int):
        assert codec.seal(prefix, TENANT, opened) == text
        assert codec.looks_like(prefix, text)
    if isinstance(opened, MalformedId):
        assert not codec.looks_like(prefix, text)
    for each in (codec.open_business("biz", text), codec.open(prefix, STRANGER, text)):
        assert isinstance(each, MalformedId | ForeignId), "somebody else's"
    return type(opened)


def _spoilt(text: str, data: bytes) -> str:
    """The text with something done to it, or another one altogether."""
    choices = Choices(data[::-1])
    place = choices.pick(len(text))
    match choices.pick(6):
        case 0:
            return text[:place] + choices.text() + text[place:]
        case 1:
            return text[:place] + choices.text() + text[place + 1 :]
        case 2:
            return text[:place]
        case 3:
            return text[:place] + text[place:].swapcase()
        case 4:
            return data.decode(errors="replace")
    return text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]


_OLD, _NEW = parse_key_ring(f"1 {KEY.hex()}"), parse_key_ring(f"2 {KEY[::-1].hex()}\n1 {KEY.hex()}")
_OTHER_KEY = parse_key_ring(f"1 {bytes(32).hex()}")


def judge_cursor(data: bytes) -> object:
    """One opens for its business, its query, its time, its key; changed by anything, for nobody."""
    choices = Choices(data)
    asked, other = query_hash(choices.value()), query_hash("another one")
    position = Position(asked, choices.text(), NOW_S + 1)
    text = seal_cursor(position, _OLD, tenant=TENANT)

    def opened(text: str, **changes: Any) -> Position | CursorError:
        how: dict[str, Any] = {"keys": _OLD, "tenant": TENANT, "query": asked, "now_s": NOW_S}
        return open_cursor(text, **(how | changes))

    assert opened(text) == opened(text, keys=_NEW) == position
    assert opened(text, tenant=STRANGER) is CursorError.MALFORMED
    assert opened(text, keys=_OTHER_KEY) is CursorError.MALFORMED
    assert opened(text, query=other) is CursorError.QUERY_MISMATCH
    assert opened(text, now_s=NOW_S + 1) is CursorError.EXPIRED
    spoilt = _spoilt(text, data)
    assert spoilt == text or opened(spoilt) is CursorError.MALFORMED
    return spoilt == text


def judge_problem(data: bytes) -> object:
    """Whatever stands in a problem, it is JSON that says what it was given."""
    choices = Choices(data)
    problem = choices.one(PROBLEMS)
    items = [
        ItemError(choices.text(), choices.text(), pointer=choices.text(), did_you_mean=choices.text() or None)
        for _ in range(choices.pick(3))
    ]
    detail, trace_id, member = choices.text(), choices.text(), choices.value()
    body = json.loads(
        render(problem, api_url="https://x", trace_id=trace_id, detail=detail or None, errors=items, reason=member),
        object_pairs_hook=_pairs,
    )
    assert (body["code"], body["status"], body["trace_id"]) == (problem.code, problem.status, trace_id)
    assert body["detail"] == (detail or problem.detail)
    assert body["reason"] == member
    assert [(item["code"], item["detail"], item["pointer"]) for item in body["errors"]] == [
        (item.code, item.detail, item.pointer) for item in items
    ]
    assert ("outcome" in body) == body["retryable"]
    return problem.code


def judge_headers(data: bytes) -> object:
    """Preconditions and preferences of any form are read, or refused as such."""
    text = data.decode("latin-1")
    outcomes: list[object] = []
    for header in (headers.IF_MATCH, headers.IF_NONE_MATCH):
        try:
            outcomes.append(type(parse_precondition(header, text)))
        except ApiError as refusal:
            assert refusal.problem.code == "invalid-parameter"
            outcomes.append(refusal.problem.code)
    liked = media_types.preferred(text, ("application/json", "text/html"))
    assert liked in (None, "application/json", "text/html")
    for check in (
        lambda: media_types.check_accept(text),
        lambda: media_types.check_content(BY_ID["deals.update"].method, text, text),
    ):
        try:
            check()
        except ApiError as refusal:
            assert refusal.problem.status in (406, 415)
            outcomes.append(refusal.problem.status)
    return tuple(outcomes)
