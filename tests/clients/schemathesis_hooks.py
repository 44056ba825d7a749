"""What schemathesis is told beyond the document: good tokens, what cannot be made up, and two checks more.

Loaded by `st` itself (SCHEMATHESIS_HOOKS); the environment tells of the stack, as it does for the tests.
"""

import atexit
import copy
import json
import os
import re
from collections import Counter
from datetime import date, datetime
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

from tests.apidocs.documents import faults, operations
from tests.clients.unsaid import foretold
from tests.support.stack import Stack, given_stack


def _stack() -> Stack:
    given = given_stack(os.environ)
    assert given is not None, "started by a test, which tells of its stack"
    return given


STACK = _stack()


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


# Of all that RFC 3339 can write, the years that are served; the document says so in words, for want of others.
schemathesis.openapi.format("date-time", st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)).map(_instant))
schemathesis.openapi.format("date", st.dates(date(1971, 1, 1), date(2100, 1, 1)).map(str))


_LONG_IDS = re.compile(r"\(\?:(\[[^]]+\]\{26\})\)\?\$")
"""The half of an id that only deployments before services with UUIDs have."""
SERVED: dict[str, Any] = {}
"""The document as it is served, to judge by."""
JUDGED_APART = ("BatchCreate", "BatchUpsert", "BatchUpdate")
"""Bodies whose items are judged one by one: the whole is well formed whatever they are."""


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """What is tried is the document, with less to make up, and with batches as they are: of items good and bad."""
    raw_schema |= json.loads(_LONG_IDS.sub("$", json.dumps(raw_schema)))
    SERVED.update(copy.deepcopy(raw_schema))
    _leave_cursors_to_answers(raw_schema)
    _let_items_be_anything(raw_schema["components"]["schemas"])


def _leave_cursors_to_answers(document: dict[str, Any]) -> None:
    """A cursor is sealed: only an answer can give one, and only for its own query."""
    for item in document["paths"].values():
        for operation in item.values():
            parameters = operation.get("parameters", [])
            operation["parameters"] = [each for each in parameters if each.get("name") != "cursor"]
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Search"):
            del schema["properties"]["cursor"]


def _let_items_be_anything(schemas: dict[str, Any]) -> None:
    for name, schema in schemas.items():
        if name.endswith(("BatchCreate", "BatchUpsert")):
            items = schema["properties"]["items"]
            items["items"] = {"anyOf": [items["items"], {}]}
        elif name.endswith("BatchUpdateItem"):
            schema["properties"]["patch"] = {"anyOf": [schema["properties"]["patch"], {}]}


@schemathesis.auth(refresh_interval=None)
class Bearer:
    """A token of its own for each call: budgets are not what is tried here."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str:
        return STACK.token()

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.check
def a_good_body_is_refused_for_what_no_schema_can_say(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """Of a body that keeps to its schema nothing is said that the document could have told."""
    body = case.meta.components.get(ParameterLocation.BODY) if case.meta else None
    if body and body.mode.is_positive and case.meta.generation.mode.is_positive and response.status_code == 422:
        _assert_unforetold(response.json())


@schemathesis.check
def each_item_of_a_batch_is_judged_by_its_schema(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """An item that breaks its schema is refused, alone; one that keeps to it, for what no schema can say."""
    schema = _item_schema(case)
    if schema is None or response.status_code != 200:
        return
    for item, told in zip(case.body["items"], response.json()["data"], strict=True):
        if faults(SERVED, schema, item):
            assert told["status"] == 422, f"broke its schema, and was answered {told['status']}: {item}"
        elif told["status"] == 422:
            _assert_unforetold(told["error"])


def _item_schema(case: schemathesis.Case) -> dict[str, Any] | None:
    operation = operations(SERVED)[case.operation.definition.raw["operationId"]]
    body = operation.get("requestBody", {"content": {}})["content"].get("application/json", {"schema": {}})["schema"]
    name = body.get("$ref", "").rpartition("/")[2]
    if not name.endswith(JUDGED_APART):
        return None
    return dict(SERVED["components"]["schemas"][name]["properties"]["items"]["items"])


def _assert_unforetold(problem: dict[str, Any]) -> None:
    told = [each for each in problem.get("errors", []) if foretold(each)]
    assert not told, f"kept to its schema, and yet: {told}"


def _busy(_: Any, __: schemathesis.Case, response: schemathesis.Response) -> bool:
    """The machine has other things to do: nothing was decided in time."""
    return response.status_code == 503 and response.json()["code"] in ("overloaded", "idempotency-unavailable")


def _shown_by_a_dry_run(failure: Any, case: schemathesis.Case, response: schemathesis.Response) -> bool:
    """Schemathesis takes every 2xx for the record: it asks for that of a dry run, which has no id, as `null`."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return False
    asked = [*(case.path_parameters or {}).values(), (case.query or {}).get("ids", ...)]
    wrong = {error["code"] for error in response.json().get("errors", [])}
    return wrong == {"invalid-id"} and any(each in (None, "null", "None", "", [None]) for each in asked)


def _good_without_its_blanks(failure: Any, case: schemathesis.Case, response: schemathesis.Response) -> bool:
    """A text that is too long as it is sent may be good without the blanks around it; If-Match is then judged, too."""
    if not isinstance(failure, AcceptedNegativeData) or response.status_code not in (200, 201, 412):
        return False
    conditional = any(name.lower() == "if-match" for name in case.headers or {})
    body = operations(SERVED)[case.operation.definition.raw["operationId"]].get("requestBody")
    if body is None or (response.status_code == 412 and not conditional):
        return False
    trimmed = _without_blanks(case.body)
    return trimmed != case.body and not faults(SERVED, body["content"][case.media_type]["schema"], trimmed)


def _without_blanks(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_blanks(each) for name, each in value.items()}
    if isinstance(value, list):
        return [*map(_without_blanks, value)]
    return value.strip() if isinstance(value, str) else value


EXCUSES = (_busy, _shown_by_a_dry_run, _good_without_its_blanks)
EXCUSED: Counter[str] = Counter()


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext, failure: Any, case: schemathesis.Case, response: schemathesis.Response
) -> bool:
    """What only looks like a failure: each is named here, and counted; nothing else is passed over."""
    named = [excuse.__name__ for excuse in EXCUSES if excuse(failure, case, response)]
    EXCUSED.update(named[:1])
    return not named


atexit.register(lambda: print("Excused:", json.dumps(EXCUSED)))  # noqa: T201 (the test reads it)
