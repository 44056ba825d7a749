"""Only what our edge would ask is a question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.check_request import (
    ALLOWED_METHODS_KEY,
    HEADER_KEY,
    JWT_NAMESPACE,
    NO_TRACE,
    OPERATION_KEY,
    PAYLOAD_KEY,
    CheckSubject,
    InvalidCheck,
    ParsedCheck,
    ReadinessProbe,
    parse_check,
    parse_subject,
)
from authz.ext_authz_pb2 import CheckRequest, CheckRequestSpelling
from contract.operations import OPERATIONS, READINESS, UNKNOWN_PATH, WRONG_METHOD
from envoy_config import route_overrides
from tests.unit.authz.asking import CLAIMS, JWT_HEADER, TRACE_ID, a_check, a_request

ALLOWED = {"allowed_methods": "GET, HEAD, POST, OPTIONS"}


def read(message: bytes) -> CheckSubject | ReadinessProbe | str:
    """What is asked, or what is wrong with it."""
    asked = parse_check(message)
    return asked.reason if isinstance(asked, InvalidCheck) else parse_subject(asked.cache_key)


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.id)
def test_the_route_names_the_operation(row):
    asked = read(a_check(row.id))
    assert isinstance(asked, CheckSubject)
    assert (asked.operation, asked.allowed_methods) == (row, ())
    assert (asked.token.header, asked.token.payload) == (JWT_HEADER, CLAIMS)


def test_an_unknown_path_is_asked_about_too():
    asked = read(a_check(UNKNOWN_PATH.id))
    assert isinstance(asked, CheckSubject)
    assert asked.operation == UNKNOWN_PATH


@pytest.mark.parametrize("text", ["GET, HEAD, POST, OPTIONS", "GET,HEAD,POST,OPTIONS"])
def test_a_wrong_method_comes_with_the_allowed_ones(text):
    asked = read(a_check(WRONG_METHOD.id, context={"allowed_methods": text}))
    assert isinstance(asked, CheckSubject)
    assert (asked.operation, asked.allowed_methods) == (WRONG_METHOD, ("GET", "HEAD", "POST", "OPTIONS"))


def test_the_edge_writes_where_authz_reads():
    context = route_overrides.ext_authz_operation("an-operation", allowed_methods="GET")[route_overrides.EXT_AUTHZ][
        "check_settings"
    ]
    assert context == {"context_extensions": {OPERATION_KEY: "an-operation", ALLOWED_METHODS_KEY: "GET"}}
    assert (route_overrides.JWT, route_overrides.JWT_PAYLOAD, route_overrides.JWT_HEADER) == (
        JWT_NAMESPACE,
        PAYLOAD_KEY,
        HEADER_KEY,
    )


def test_readiness_needs_no_token():
    assert read(a_check(READINESS, header=None, payload=None)) == ReadinessProbe()


def test_fields_of_the_protocol_that_we_do_not_know_are_read_over():
    known = a_request()
    unknown = b"\x22\x03abc"
    assert known.attributes.MergeFromString(b"") == 0
    asked = read(known.SerializeToString() + b"\x7a" + bytes([len(unknown)]) + unknown)
    assert isinstance(asked, CheckSubject)


def with_header_instead_of_context() -> bytes:
    request = a_request(None)
    request.attributes.request.http.headers["x-gw-operation"] = "contacts.list"
    return request.SerializeToString()


def with_another_namespace() -> bytes:
    request = a_request(header=None, payload=None)
    request.attributes.metadata_context.filter_metadata["of.a.stranger"].update(
        {"jwt_header": JWT_HEADER, "jwt_payload": CLAIMS}
    )
    return request.SerializeToString()


def with_a_third_member() -> bytes:
    request = a_request()
    request.attributes.metadata_context.filter_metadata["envoy.filters.http.jwt_authn"]["other_payload"] = CLAIMS
    return request.SerializeToString()


def with_a_claim_that_says_two_things() -> bytes:
    """The parser takes the last."""
    whole = CheckRequestSpelling.FromString(a_check())
    token = whole.attributes.metadata_context.filter_metadata[JWT_NAMESPACE].fields
    claims = token[PAYLOAD_KEY].struct_value.fields
    claims["role"] = b"\x1a\x06viewer" + claims["role"]
    return whole.SerializeToString()


NO_QUESTIONS = {
    "is empty": b"",
    "is no protobuf": b"\xff\xff\xff\xff",
    "has no request id": a_check(trace_id=None),
    "has no operation": a_check(None),
    "has an empty operation": a_check(""),
    "has an unknown operation": a_check("contacts.lisT"),
    "names its operation in a header": with_header_instead_of_context(),
    "has a wrong method without the allowed ones": a_check(WRONG_METHOD.id),
    "has no metadata": a_check(header=None, payload=None),
    "has the metadata of another filter": with_another_namespace(),
    "has claims without their header": a_check(header=None),
    "has a header without claims": a_check(payload=None),
    "has claims that are a list": a_check(payload=[CLAIMS]),
    "has claims that are text": a_check(payload="eyJ"),
    "has a header that is a number": a_check(header=1),
    "has a third thing in the metadata": with_a_third_member(),
    "comes twice": a_check() + a_check(),
    "has another token appended": a_check() + a_check(payload=CLAIMS | {"role": "admin"}),
    "has another operation appended": a_check() + a_check("contacts.get", header=None, payload=None, trace_id=None),
    "has a claim that says two things": with_a_claim_that_says_two_things(),
    "has its operation beside the attributes": a_check(None) + b"\x52\x1a\x0a\x09operation\x12\x0dcontacts.list",
    "has a byte too few": a_check()[:-1],
}


@pytest.mark.parametrize("message", NO_QUESTIONS.values(), ids=NO_QUESTIONS.keys())
def test_it_is_no_question_when_it(message):
    assert isinstance(read(message), str)


def test_the_same_question_is_the_same_matter_whoever_comes_with_it_and_whenever():
    one, other = (parse_check(a_check(trace_id=trace_id)) for trace_id in (TRACE_ID, NO_TRACE))
    assert isinstance(one, ParsedCheck)
    assert isinstance(other, ParsedCheck)
    assert (one.trace_id, other.trace_id) == (TRACE_ID, NO_TRACE)
    backwards = a_check(payload=dict(reversed(CLAIMS.items())), header=dict(reversed(JWT_HEADER.items())))
    assert (
        one.cache_key
        == other.cache_key
        == parse_check(timed(a_request())).cache_key
        == parse_check(backwards).cache_key
    )


def timed(request: CheckRequest) -> bytes:
    """With what Envoy sends beside it, which nobody here reads: from where and to where, when, and by which stream."""
    far = b"\x32\xc5\x01" + b"p" * 197
    request.attributes.MergeFromString(b"\x0a\x04\x0a\x02\x18\x07" + b"\x12\xc8\x01" + far)
    request.attributes.request.MergeFromString(b"\x0a\x02\x08\x07")
    request.attributes.request.http.MergeFromString(b"\x0a\x017")
    return request.SerializeToString()


OTHER_MATTERS = {
    "operation": a_check("contacts.get"),
    "context": a_check(context={"allowed_methods": "GET"}),
    "head of a token": a_check(header=JWT_HEADER | {"kid": "another-key"}),
    **{f"claim, {name}": a_check(payload=CLAIMS | {name: "another"}) for name in CLAIMS},
    **{f"claim less, {name}": a_check(payload={n: v for n, v in CLAIMS.items() if n != name}) for name in CLAIMS},
    "claim more": a_check(payload=CLAIMS | {"permissions": "contacts:read"}),
}


@pytest.mark.parametrize("message", OTHER_MATTERS.values(), ids=OTHER_MATTERS.keys())
def test_it_is_another_matter_with_another(message):
    assert parse_check(message).cache_key != parse_check(a_check()).cache_key


def test_what_cannot_be_read_keeps_its_trace():
    assert parse_check(a_check("nothing")).trace_id == TRACE_ID
    assert parse_check(b"\xff").trace_id == NO_TRACE


@given(st.binary(max_size=400))
def test_no_bytes_at_random_are_a_question(message):
    assert isinstance(read(message), str)


@given(st.data())
def test_what_is_read_is_what_stands_there_when_a_byte_is_changed(data):
    message = bytearray(a_check())
    message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    asked = read(bytes(message))
    if isinstance(asked, CheckSubject):
        there = CheckRequest.FromString(bytes(message)).attributes
        assert asked.operation.id == there.context_extensions["operation"]
        token = there.metadata_context.filter_metadata["envoy.filters.http.jwt_authn"]
        subject = token["jwt_payload"].fields["sub"]
        assert (
            asked.token.payload.get("sub") in (subject.string_value, None)
            or subject.WhichOneof("kind") != "string_value"
        )
