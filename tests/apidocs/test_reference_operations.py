"""The document says of every operation what the operation is."""

import json
from typing import Any

import pytest

from apidocs.headers import RESPONSE_HEADERS
from apidocs.operations import operation_id
from apidocs.problem_responses import RAISED_BY, UNROUTED_PROBLEMS
from apidocs.problem_schemas import MORE_MEMBERS
from contract import headers
from contract.documents import EXAMPLE_AUTH_URL
from contract.operations import OPERATIONS, Operation
from contract.problems import PROBLEMS
from contract.vocabulary import Kind
from tests.apidocs.documents import DATES, faults, named, operations, parameters, resolved, the_document
from tests.spec import operations as promised
from tests.spec import problems as promised_problems
from transcoder.http.parameters import parsers_of
from transcoder.operations.handlers import HANDLERS

Json = Any
TODAY = the_document(DATES[0])


@pytest.mark.parametrize("date", DATES)
def test_every_promised_operation_is_there_and_no_other(date: str) -> None:
    told = {(each["operationId"], each["method"], each["path"]) for each in operations(the_document(date)).values()}
    assert told == {(row.id.replace(".", "_"), row.method, row.path) for row in promised.OPERATIONS}


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.id)
def test_an_operation_takes_what_the_service_reads(row: Operation) -> None:
    operation = operations(TODAY)[operation_id(row)]
    assert set(parameters(TODAY, operation, "query")) == set(parsers_of(row))
    if row.is_public:
        assert not parameters(TODAY, operation, "header")
        return
    handler = HANDLERS[row.kind]
    assert ("requestBody" in operation) is (handler.check is not None)
    if handler.check is not None and not handler.may_lack_body:
        assert operation["requestBody"]["required"]
    assert parameters(TODAY, operation, "header")["Version"]["required"]
    assert ("Idempotency-Key" in parameters(TODAY, operation, "header")) is row.takes_idempotency_key


@pytest.mark.parametrize("row", promised.OPERATIONS, ids=lambda row: row.id)
def test_an_operation_names_its_scope_and_its_success(row: promised.Promised) -> None:
    operation = operations(TODAY)[row.id.replace(".", "_")]
    wanted = [] if row.scope is None else [row.scope]
    assert operation["security"] == ([] if row.cost == 0 else [{"oauth2": wanted}, {"bearer": []}])
    assert str(row.success) in operation["responses"]
    if row.cost:
        assert f"Costs {row.cost} unit" in operation["description"]


def test_an_operation_is_told_with_the_right_article() -> None:
    summaries = {row.id: operations(TODAY)[operation_id(row)]["summary"] for row in OPERATIONS}
    assert (summaries["users.get"], summaries["activities.get"]) == ("Get a user", "Get an activity")


def test_lists_are_told_to_go_between_commas() -> None:
    listed = 0
    for operation in operations(TODAY).values():
        for name, parameter in parameters(TODAY, operation, "query").items():
            if parameter["schema"].get("type") == "array":
                listed += 1
                assert (parameter["style"], parameter["explode"]) == ("form", False), name
    assert listed > len(promised.COLLECTIONS)


def test_every_problem_is_told_where_it_can_happen_with_an_example() -> None:
    assert {*RAISED_BY, *UNROUTED_PROBLEMS} == set(PROBLEMS)
    assert {problem.code: problem.status for problem in PROBLEMS} == promised_problems.PROBLEMS
    told: set[str] = set()
    for operation in operations(TODAY).values():
        for status, response in operation["responses"].items():
            answer = resolved(TODAY, response)
            for code, example in (
                answer.get("content", {}).get("application/problem+json", {}).get("examples", {}).items()
            ):
                body = resolved(TODAY, example)["value"]
                assert (body["code"], str(body["status"])) == (code, status)
                assert f"`{code}`" in answer["description"]
                told.add(code)
    assert told == {problem.code for problem in RAISED_BY}


@pytest.mark.parametrize("code", TODAY["components"]["examples"])
def test_the_example_of_a_problem_is_one(code: str) -> None:
    body = TODAY["components"]["examples"][code]["value"]
    assert faults(TODAY, named("Problem"), body) == []
    assert set(body) <= set(TODAY["components"]["schemas"]["Problem"]["properties"])


def test_no_member_of_problems_is_told_of_that_no_problem_has() -> None:
    shown = {name for each in TODAY["components"]["examples"].values() for name in each["value"]}
    told_by_others = {"allowed_methods"}
    assert set(MORE_MEMBERS) <= shown | told_by_others


def test_every_header_that_a_script_may_read_is_told_of() -> None:
    assert set(headers.CORS_EXPOSED_HEADERS) == set(RESPONSE_HEADERS)
    for name, header in RESPONSE_HEADERS.items():
        if name.endswith("-reset"):
            assert "Seconds from now" in header["description"]


def test_every_answer_after_the_decision_tells_of_the_limits() -> None:
    for name, operation in operations(TODAY).items():
        for status, response in operation["responses"].items():
            if status[0] in "23" and name != "versions_list":
                assert set(promised.RATE_HEADERS) <= set(resolved(TODAY, response)["headers"]), (name, status)


def test_there_are_two_ways_in_as_promised() -> None:
    oauth2, bearer = (TODAY["components"]["securitySchemes"][name] for name in ("oauth2", "bearer"))
    app, service = oauth2["flows"]["authorizationCode"], oauth2["flows"]["clientCredentials"]
    assert (oauth2["type"], len(oauth2["flows"])) == ("oauth2", 2)
    assert app["authorizationUrl"] == f"{EXAMPLE_AUTH_URL}/authorize"
    assert {app["tokenUrl"], app["refreshUrl"], service["tokenUrl"]} == {f"{EXAMPLE_AUTH_URL}/token"}
    for flow in (app, service):
        assert set(flow["scopes"]) == set(promised.SCOPES)
        assert all(flow["scopes"].values())
    assert "client-credentials" not in bearer["description"]
    assert (bearer["type"], bearer["scheme"], bearer["bearerFormat"]) == ("http", "bearer", "JWT")


@pytest.mark.parametrize("date", DATES)
def test_no_body_has_defaults_that_a_client_would_send(date: str) -> None:
    document = the_document(date)
    for name, operation in operations(document).items():
        for media in operation.get("requestBody", {}).get("content", {}).values():
            assert '"default":' not in json.dumps(whole(document, media["schema"])), name


def whole(document: Json, part: Json) -> Json:
    """A schema with the components that it refers to in their places, each once."""
    seen: set[str] = set()

    def filled(part: Json) -> Json:
        if isinstance(part, list):
            return [filled(each) for each in part]
        if not isinstance(part, dict):
            return part
        name = part.get("$ref")
        if name is None:
            return {key: filled(each) for key, each in part.items()}
        if name in seen:
            return {}
        seen.add(name)
        return filled(document["components"]["schemas"][name.rpartition("/")[2]])

    return filled(part)


GROWS = {("App", "scopes"), ("Token", "scopes"), ("CustomField", "resource")}
"""Members of answers whose words later waves extend."""


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize(("schema", "member"), sorted(GROWS))
def test_words_that_later_waves_extend_are_open_in_answers(date: str, schema: str, member: str) -> None:
    document = the_document(date)
    told = whole(document, document["components"]["schemas"][schema]["properties"][member])
    assert '"enum":' not in json.dumps(told)
    assert "contacts" in json.dumps(told)


def test_whatever_asks_an_internal_service_may_not_be_supported() -> None:
    for name, operation in operations(TODAY).items():
        of_records = not name.startswith(("me_", "requests_", "versions_", "authorize_"))
        assert ("501" in operation["responses"]) is of_records, name


LEADS_ON = {
    "personal_access_tokens.create": ("get", "rotate", "revoke"),
    "apps.create": ("get", "update", "rotate_secret", "delete"),
}


def test_what_was_created_leads_on() -> None:
    for row in OPERATIONS:
        if row.kind is Kind.CREATE:
            links = operations(TODAY)[operation_id(row)]["responses"]["201"]["links"]
            acts = LEADS_ON.get(row.id, ("get", "update", "delete", "restore"))
            assert {row.id.replace("create", act) for act in acts} <= set(links)
            for link in links.values():
                followed = operations(TODAY)[link["operationId"]]
                assert set(link["parameters"]) == set(parameters(TODAY, followed, "path"))


def test_a_429_says_which_of_its_kinds_carry_which_rate_headers() -> None:
    told = resolved(TODAY, operations(TODAY)["contacts_list"]["responses"]["429"])["description"]
    assert "`Retry-After` and `X-RateLimit-Remaining: 0`" in told
    assert "`Retry-After` alone" in told
