"""What a caller sends, and what of it reaches the transcoder."""

from operator import attrgetter

import pytest

from contract.headers import (
    CLIENT_ADDRESS,
    CLIENT_REQUEST_ID,
    INTERNAL_PREFIXES,
    NOT_FOR_CALLERS,
    OPERATION,
    OVERSIZED,
    RATE_HEADERS,
    REQUEST_ID,
    TRACEPARENT,
    WITH_TRACE,
    Header,
)
from contract.operations import OPERATIONS, Operation
from envoy_config.header_mutation import CLIENT_REQUEST_ID_CHARACTERS
from tests.envoy.standing import Edge

FORGED = "forged"
NOT_ON_EVERY_REQUEST = (CLIENT_REQUEST_ID, OVERSIZED, CLIENT_ADDRESS, TRACEPARENT)
"""The third is for the auth host alone, the last for where traces are on."""


@pytest.mark.parametrize("header", NOT_FOR_CALLERS, ids=attrgetter("name"))
async def test_a_caller_cannot_forge(header: Header, edge: Edge) -> None:
    arrived = await edge.arrived(headers=[(header.name, FORGED), (header.name.upper(), FORGED)])
    if header != REQUEST_ID:
        assert FORGED not in dict(arrived).values()
    assert [value for name, value in arrived if name == header.name and FORGED in value] == []


@pytest.mark.parametrize("name", [*(f"{prefix}anything" for prefix in INTERNAL_PREFIXES), *RATE_HEADERS, *WITH_TRACE])
async def test_what_only_we_may_write_is_taken_away(name: str, edge: Edge) -> None:
    assert name not in dict(await edge.arrived(headers=[(name, FORGED)]))


@pytest.mark.parametrize("header", NOT_FOR_CALLERS, ids=attrgetter("name"))
async def test_a_caller_cannot_forge_as_grpc(header: Header, edge: Edge) -> None:
    claimed = [("content-type", "application/grpc"), (header.name, FORGED)]
    arrived = await edge.arrived(headers=claimed)
    assert [value for name, value in arrived if name == header.name and name != CLIENT_REQUEST_ID.name] != [FORGED]


async def test_the_token_goes_no_further_than_the_edge(edge: Edge) -> None:
    token = edge.token()
    arrived = await edge.arrived(headers=[("Cookie", "a=b")])
    assert "authorization" not in dict(arrived)
    assert token not in str(arrived)


async def test_a_token_is_not_passed_on_where_none_is_asked_for(edge: Edge) -> None:
    answer = await edge.get("/readyz")
    assert answer.status_code == 200
    assert "authorization" not in {name.lower() for name, _ in answer.json()["headers"]}


@pytest.mark.parametrize("header", NOT_FOR_CALLERS, ids=attrgetter("name"))
async def test_a_connection_header_cannot_take_away(edge: Edge, header: Header) -> None:
    answer = await edge.raw(
        f"GET /v1/contacts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {edge.token()}\r\n"
        f"Connection: {header.name}\r\n\r\n".encode()
    )
    arrived = {name.lower() for name, _ in answer.json()["headers"]}
    assert header.name in arrived or header in NOT_ON_EVERY_REQUEST


async def test_a_callers_request_id_is_kept_for_logs_only(edge: Edge) -> None:
    answer = await edge.get("/v1/contacts", headers={"X-Request-Id": "order 66"})
    arrived = {name.lower(): value for name, value in answer.json()["headers"]}
    assert arrived[CLIENT_REQUEST_ID.name] == "order 66"
    assert arrived[REQUEST_ID.name] == answer.headers["X-Request-Id"]
    line = await edge.logged(answer.headers["X-Request-Id"])
    assert line["client_request_id"] == "order 66"


UNFIT = {
    "is longer than a log wants": b"a" * (CLIENT_REQUEST_ID_CHARACTERS + 1),
    "is not ASCII": "née".encode(),
    "has a tab in it": b"a\tb",
    "is empty": b"",
}


@pytest.mark.parametrize("value", UNFIT.values(), ids=UNFIT.keys())
async def test_a_request_id_is_not_kept_that(value: bytes, edge: Edge) -> None:
    assert CLIENT_REQUEST_ID.name not in dict(await edge.arrived(headers=[("X-Request-Id", value)]))


async def test_the_longest_request_id_that_is_kept(edge: Edge) -> None:
    value = "a" * CLIENT_REQUEST_ID_CHARACTERS
    assert dict(await edge.arrived(headers=[("X-Request-Id", value)]))[CLIENT_REQUEST_ID.name] == value


@pytest.mark.parametrize("row", OPERATIONS, ids=attrgetter("id"))
async def test_the_transcoder_is_told_the_operation_of_the_route(row: Operation, edge: Edge) -> None:
    path = "/".join("x" if part.startswith("{") else part for part in row.path.split("/"))
    answer = await edge.send(row.method, path, headers={OPERATION.name: FORGED})
    assert [value for name, value in answer.json()["headers"] if name.lower() == OPERATION.name] == [row.id]
