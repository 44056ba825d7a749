"""CheckRequests as the edge sends them, and reading the answers."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from authz import check_response
from authz.decide import Admitted, Verdict
from authz.ext_authz_pb2 import CheckRequest, CheckResponse
from authz.service import CheckHandler, SendResponse, SerializedCheck
from contract.claims import Claims, parse_claims
from contract.vocabulary import TraceId
from infra.stores.revocations.revocation_set import RevocationSet

TRACE_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
API_URL = "https://api.example"
JWT_HEADER: dict[str, Any] = {"typ": "at+jwt", "alg": "ES256", "kid": "a-key"}
CLAIMS: dict[str, Any] = {
    "iss": "https://auth.example",
    "aud": "https://api.example",
    "sub": "usr_" + "0" * 26,
    "business_id": "biz_" + "1" * 26,
    "role": "member",
    "scope": "contacts:read contacts:write",
    "plan": "growth",
    "client_id": "a-client",
    "token_kind": "pat",
    "rate_key": "pat:1",
    "jti": "a-token",
    "iat": 1_700_000_000,
    "exp": 1_700_000_900,
}


@dataclass(frozen=True)
class Known:
    """Revocations that do not change by themselves; None when nobody can say what is revoked."""

    held: RevocationSet | None

    def current(self) -> RevocationSet | None:
        return self.held


NOTHING_REVOKED = RevocationSet()


def without(claims: dict[str, Any], name: str) -> dict[str, Any]:
    return {other: value for other, value in claims.items() if other != name}


def claims(**changes: Any) -> Claims:
    read = parse_claims(CLAIMS | changes)
    assert isinstance(read, Claims)
    return read


def a_request(
    operation: str | None = "contacts.list",
    *,
    header: Any = JWT_HEADER,
    payload: Any = CLAIMS,
    context: dict[str, str] | None = None,
    trace_id: str | None = TRACE_ID,
) -> CheckRequest:
    """Each part can be left out with None."""
    request = CheckRequest()
    attributes = request.attributes
    if trace_id is not None:
        attributes.request.http.headers["x-request-id"] = trace_id
    if operation is not None:
        attributes.context_extensions["operation"] = operation
    for name, value in (context or {}).items():
        attributes.context_extensions[name] = value
    token = {name: value for name, value in (("jwt_header", header), ("jwt_payload", payload)) if value is not None}
    if token:
        attributes.metadata_context.filter_metadata["envoy.filters.http.jwt_authn"].update(token)
    return request


def a_check(operation: str | None = "contacts.list", **parts: Any) -> bytes:
    return a_request(operation, **parts).SerializeToString()


def as_bytes(verdict: Verdict) -> bytes:
    """What the edge is told of it."""
    if isinstance(verdict, Admitted):
        return check_response.allow_response(check_response.identity_headers(verdict.permitted), verdict.spent)
    return check_response.deny_response(verdict, TraceId(TRACE_ID), API_URL)


def alone(checks: CheckHandler) -> Callable[[bytes], Awaitable[bytes]]:
    """The answer to a Check that comes by itself."""

    async def check(message: bytes) -> bytes:
        answers: dict[int, bytes] = {}
        await checks((SerializedCheck(message),), answers.__setitem__)
        return answers[0]

    return check


def one_by_one(check: Callable[[bytes], Awaitable[bytes]]) -> CheckHandler:
    """For a front: each Check answered by itself, none waiting for another."""

    async def checks(came: Sequence[SerializedCheck], give: SendResponse) -> None:
        async def one(number: int) -> None:
            give(number, await check(came[number].message))

        async with asyncio.TaskGroup() as tasks:
            for number in range(len(came)):
                tasks.create_task(one(number))

    return checks


@dataclass(frozen=True, slots=True)
class Answer:
    """What Envoy makes of a CheckResponse: 200 is an allow, and then `upstream` has the headers that go inwards."""

    status: int
    headers: dict[str, str]
    body: Any
    upstream: dict[str, str]


def answer(message: bytes) -> Answer:
    response = CheckResponse.FromString(message)
    if response.status.code == 0:
        # No denial may say OK: Envoy looks at the code, not at which of the two is there.
        assert response.HasField("status")
        assert response.HasField("ok_response")
        ok = response.ok_response
        return Answer(200, _headers(ok.response_headers_to_add), None, _headers(ok.headers))
    assert response.HasField("denied_response")
    denied = response.denied_response
    assert denied.status.code >= 400
    return Answer(denied.status.code, _headers(denied.headers), json.loads(denied.body), {})


def _headers(options: Any) -> dict[str, str]:
    headers = {option.header.key: option.header.value for option in options}
    assert len(headers) == len(options), "a header is told twice"
    assert all(option.append_action == option.OVERWRITE_IF_EXISTS_OR_ADD for option in options)
    return headers
