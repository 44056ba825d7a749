"""One request is one trace: edge, authz, transcoder and internal service, told over OTLP by each of them for itself."""

import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.observability.exposition import total
from tests.observability.test_logs import in_all
from tests.repository.sources import ROOT
from tests.support.otlp import Collector, Span, collecting
from tests.support.stack import Stack, running_stack
from tests.support.waiting import until

ROUNDS = int(os.environ.get("TRACES_ROUNDS", "1"))
TOLD_WITHIN_S = 60.0
"""Envoy tells every few seconds."""
CHECK = "async envoy.service.auth.v3.Authorization.Check egress"
STRANGER = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "spy=stranger", "baggage": "word=stranger"}
SECRET = "unspeakable"
GUIDE = ROOT / "docs" / "observability.md"
SERVICES = ("edge", "authz", "transcoder", "oauth", "sandbox")


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def traced(collector: Collector) -> Iterator[Stack]:
    with running_stack(settings={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}) as stack:
        yield stack


Send = Callable[[Stack, int], httpx.Response]


@dataclass(frozen=True)
class Case:
    """A request, and all that its trace holds: each span below the one that it was begun by, outermost first."""

    send: Send
    status: int
    spans: frozenset[str]


def by_admin(method: str, path: str, **sent: object) -> Send:
    def send(stack: Stack, round_: int) -> httpx.Response:
        headers = {
            name: value.format(round_)
            for name, value in dict(sent.get("headers", {})).items()  # type: ignore[call-overload]
        }
        with stack.caller() as client:
            return client.request(method, path, **{**sent, "headers": headers})  # type: ignore[arg-type]

    return send


def with_token(method: str, path: str, **changes: object) -> Send:
    def send(stack: Stack, _: int) -> httpx.Response:
        with stack.client(stack.token(**changes)) as client:
            return client.request(method, path)

    return send


def by_nobody(method: str, path: str) -> Send:
    def send(stack: Stack, _: int) -> httpx.Response:
        with stack.client() as client:
            return client.request(method, path)

    return send


def at_the_auth_host(stack: Stack, _: int) -> httpx.Response:
    with stack.client(version=None) as client:
        return client.get(f"{stack.facts['AUTH_URL']}/.well-known/oauth-authorization-server")


def trace(*lines: str) -> frozenset[str]:
    return frozenset(lines)


def decided(operation: str, root: str = "") -> tuple[str, ...]:
    asked = f"{root or f'edge {operation}'} / edge Check / authz {operation}"
    return root or f"edge {operation}", asked.rpartition(" / ")[0], asked, f"{asked} / authz limits.charge"


def answered(operation: str, *inside: str, root: str = "") -> frozenset[str]:
    served = f"{root or f'edge {operation}'} / edge transcoder / transcoder {operation}"
    return trace(
        *decided(operation, root),
        served.rpartition(" / ")[0],
        served,
        *(f"{served} / transcoder {step}" for step in inside),
    )


CONTACTS = "/internal/v2/businesses/{business_id}/contacts"
CREATED = ("internal POST", f"internal POST / sandbox POST {CONTACTS}")
KEYED = {"Idempotency-Key": "traced-{0}"}
GOOD = {"last_name": "Traced"}
AGAIN = "edge edge_again / edge edge_again / edge contacts.create"
CASES = {
    "without a token": Case(by_nobody("GET", "/v1/contacts"), 401, trace("edge contacts.list")),
    "by an unknown method": Case(by_nobody("TRACE", "/v1/contacts"), 501, trace("edge wrong-method")),
    "without the scope": Case(
        with_token("GET", "/v1/contacts", scope="deals:read"), 403, trace(*decided("contacts.list"))
    ),
    "with a token of another type": Case(
        with_token("GET", "/v1/contacts", iat=3_900_000_000),
        401,
        trace(*decided("contacts.list")[:-1]),
    ),
    "of an unknown path": Case(by_admin("GET", "/v1/nothing"), 404, trace(*decided("unknown-path"))),
    "of a malformed id": Case(by_admin("GET", "/v1/contacts/con_x"), 400, answered("contacts.get")),
    "of a page": Case(
        by_admin("GET", "/v1/contacts", headers=STRANGER),
        200,
        answered("contacts.list", "internal POST", f"internal POST / sandbox POST {CONTACTS}/query"),
    ),
    "of a bad body": Case(by_admin("POST", "/v1/contacts", json={"last_name": 1}), 422, answered("contacts.create")),
    "of a new record": Case(by_admin("POST", "/v1/contacts", json=GOOD), 201, answered("contacts.create", *CREATED)),
    "of a new record under a key": Case(
        by_admin("POST", "/v1/contacts", json=GOOD, headers=KEYED),
        201,
        answered("contacts.create", "idempotency.claim", *CREATED, "idempotency.finish"),
    ),
    "of the same again": Case(
        by_admin("POST", "/v1/contacts", json=GOOD, headers=KEYED),
        201,
        answered("contacts.create", "idempotency.claim"),
    ),
    "that calls itself gRPC": Case(
        by_admin("POST", "/v1/contacts", content=b"x", headers={"Content-Type": "application/grpc"}),
        415,
        answered("contacts.create", root=AGAIN) | trace("edge edge_again", "edge edge_again / edge edge_again"),
    ),
    "of tokens, which the authorization server keeps": Case(
        by_admin("GET", "/v1/personal_access_tokens"),
        200,
        answered("personal_access_tokens.list", "oauth GET", "oauth GET / oauth oauth.endpoints.internal_api"),
    ),
    "of a document": Case(
        by_nobody("GET", "/v1/openapi.json"),
        200,
        trace(
            "edge documents.openapi",
            "edge documents.openapi / edge transcoder",
            "edge documents.openapi / edge transcoder / transcoder GET /v1/openapi.json",
        ),
    ),
    "to the auth host": Case(
        at_the_auth_host,
        200,
        trace(
            "edge oauth.server-metadata",
            "edge oauth.server-metadata / edge oauth",
            "edge oauth.server-metadata / edge oauth / oauth oauth.server-metadata",
        ),
    ),
}
NOW_AND_THEN = re.compile(r" / transcoder internal GET( / sandbox GET \S+/(field_defs|profile))?$")
"""What a transcoder asks once in a while and remembers."""


def shape(spans: list[Span]) -> frozenset[str]:
    """Every span as its way from the first one; one whose parent nobody has told of begins with a question mark."""
    known = {span.id: span for span in spans}

    def way(span: Span) -> str:
        here = f"{span.service} {'Check' if span.name == CHECK else span.name}"
        if not span.parent:
            return here
        return f"{way(known[span.parent]) if span.parent in known else '?'} / {here}"

    return frozenset(line for line in map(way, spans) if not NOW_AND_THEN.search(line))


async def test_every_request_is_one_trace_of_all_that_had_a_part_in_it(traced: Stack, collector: Collector) -> None:
    sent = []
    for round_ in range(ROUNDS):
        for name, case in CASES.items():
            answer = case.send(traced, round_)
            assert (name, answer.status_code) == (name, case.status)
            sent.append((name, answer.headers["x-request-id"]))
    for name, request_id in sent:
        spans = await told_of(collector, name, request_id)
        assert (name, len({span.trace for span in spans})) == (name, 1)
    logging.info("%d of %d traces are complete", sum(complete(collector, *each) for each in sent), len(sent))


def complete(collector: Collector, name: str, request_id: str) -> bool:
    return shape(collector.of(request_id)) == CASES[name].spans


async def told_of(collector: Collector, name: str, request_id: str) -> list[Span]:
    await until(lambda: complete(collector, name, request_id), "its spans", within_s=TOLD_WITHIN_S)
    return collector.of(request_id)


async def test_spans_say_what_was_asked_decided_and_answered(traced: Stack, collector: Collector) -> None:
    denied = CASES["without the scope"].send(traced, 0).headers["x-request-id"]
    refused = CASES["of a malformed id"].send(traced, 0).headers["x-request-id"]
    [authz] = [span for span in await told_of(collector, "without the scope", denied) if span.name == "contacts.list"][
        :1
    ]
    spans = await told_of(collector, "of a malformed id", refused)
    said = {(span.service, span.kind): span.attributes for span in spans if span.name == "contacts.get"}
    assert said["authz", "server"]["gateway.decision"] == "allow"
    assert said["transcoder", "server"]["gateway.problem"] == "invalid-id"
    assert said["transcoder", "server"]["http.response.status_code"] == 400
    assert said["transcoder", "server"]["http.route"] == "/v1/contacts/{contact_id}"
    assert said["transcoder", "server"]["gateway.business"] == said["authz", "server"]["gateway.business"]
    assert {each["gateway.operation"] for each in said.values()} == {"contacts.get"}
    assert {each["gateway.request_id"] for each in said.values()} == {refused}
    assert authz.attributes["gateway.request_id"] == denied


async def test_nothing_that_a_caller_sent_is_in_a_span(traced: Stack, collector: Collector) -> None:
    token = traced.token()
    with traced.client(token) as client:
        client.headers.update(STRANGER | {"User-Agent": SECRET, "Idempotency-Key": SECRET})
        record = client.post("/v1/contacts", json={"last_name": SECRET}).json()["data"]["id"]
        client.get(f"/v1/contacts/{record}")
        last = client.get("/v1/contacts", params={"email": f"{SECRET}@example.com"})
    await told_of(collector, "of a page", last.headers["x-request-id"])
    everything = b"".join(span.sent.SerializeToString() for span in collector.spans)
    for word in (SECRET, record, token.split(".")[2], "stranger"):
        assert word.encode() not in everything
    assert all(span.trace != "a" * 32 for span in collector.spans)


def words() -> dict[str, tuple[set[str], set[str]]]:
    """By service, what its lines have and what they have not, as the table of the guide says."""
    lines = [line for line in GUIDE.read_text().splitlines() if line.startswith("| `")]
    rows = [row for line in lines if len(row := line.split("|")[1:-1]) == len(SERVICES) + 2]
    return {
        service: tuple(
            {name for row in rows if row[column].strip() == said for name in re.findall(r"`(\w+)`", row[0])}
            for said in ("✓", "")
        )
        for column, service in enumerate(SERVICES, start=2)
    }


async def test_logs_of_all_services_tell_of_a_request_in_the_words_of_the_guide(traced: Stack) -> None:
    sent = {
        name: CASES[case].send(traced, 0).headers["x-request-id"]
        for name, case in (
            ("envoy", "of a page"),
            ("transcoder", "of a page"),
            ("sandbox", "of a page"),
            ("authz", "without the scope"),
            ("oauth", "to the auth host"),
        )
    }
    for name, request_id in sent.items():
        line, *_ = await in_all(traced, request_id, name)
        have, have_not = words()["edge" if name == "envoy" else name]
        assert line["trace_id"] == request_id
        assert (name, have - line.keys(), have_not & line.keys()) == (name, set(), set())
        assert re.fullmatch(r"[0-9a-f]{32}", line["w3c_trace_id"])


async def test_all_lines_of_a_request_have_one_trace_and_it_is_the_one_that_is_told(
    traced: Stack, collector: Collector
) -> None:
    request_id = CASES["of a page"].send(traced, 0).headers["x-request-id"]
    told = await in_all(traced, request_id, "envoy", "transcoder", "sandbox")
    spans = await told_of(collector, "of a page", request_id)
    assert {line["w3c_trace_id"] for line in told} == {span.trace for span in spans}


async def test_a_collector_that_hangs_costs_callers_nothing(traced: Stack, collector: Collector) -> None:
    collector.answers.clear()
    try:
        with traced.caller() as client:
            await until(lambda: client.get("/v1/contacts").status_code != 200 or lost(traced), "spans to be dropped")
            assert [client.get("/v1/contacts").status_code for _ in range(20)] == [200] * 20
    finally:
        collector.answers.set()


def lost(stack: Stack) -> bool:
    return bool(
        total(stack, "authz", "authz_spans_dropped_total")
        and total(stack, "transcoder", "transcoder_spans_dropped_total")
    )
