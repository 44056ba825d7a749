"""What schemathesis is told beyond the document: good tokens, and what cannot be made up.

Loaded by `st` itself (SCHEMATHESIS_HOOKS); the environment tells of the stack, as it does for the tests.
"""

import json
import os
import re
from datetime import date, datetime
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData

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


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Ids here are of 26 characters."""
    raw_schema |= json.loads(_LONG_IDS.sub("$", json.dumps(raw_schema)))


@schemathesis.auth(refresh_interval=None)
class Bearer:
    """A token of its own for each call: budgets are not what is tried here."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str:
        return STACK.token()

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext, failure: Any, case: schemathesis.Case, response: schemathesis.Response
) -> bool:
    """What only looks like a failure: each is named here, and nothing else is passed over."""
    return not any(excuse(failure, case, response) for excuse in EXCUSES)


def _made_up_cursor(_: Any, __: schemathesis.Case, response: schemathesis.Response) -> bool:
    """A cursor is sealed: only an answer can give one."""
    return response.status_code == 400 and response.json()["code"] == "invalid-cursor"


def _not_there_yet(_: Any, case: schemathesis.Case, response: schemathesis.Response) -> bool:
    """What a dry run shows has no id; it is taken for one all the same."""
    if response.status_code != 400 or response.json()["code"] != "invalid-id":
        return False
    return any(text in (None, "null") for text in (case.path_parameters or {}).values())


def _busy(_: Any, __: schemathesis.Case, response: schemathesis.Response) -> bool:
    """The machine has other things to do: nothing was decided."""
    return response.status_code == 503 and response.json()["code"] == "overloaded"


def _told_of_the_item(failure: Any, _: schemathesis.Case, response: schemathesis.Response) -> bool:
    """A batch answers 200, and what is wrong with an item is the item's own answer."""
    if not isinstance(failure, AcceptedNegativeData) or response.status_code != 200:
        return False
    return response.json()["meta"].get("failed", 0) > 0


EXCUSES = (_made_up_cursor, _not_there_yet, _busy, _told_of_the_item)
