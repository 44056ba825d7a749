"""What must hold of every answer to a Check, whatever bytes ask it; and questions built from bytes at random.

The judgement is by another model than the decision's own (`tests/spec/decisions.py`), and by the problems' own words.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from structlog.testing import CapturingLogger

from authz.decision_log import DecisionLog
from authz.ext_authz_pb2 import CheckRequest, CheckResponse
from authz.limiter import Limiter
from authz.service import Authorizer, CheckHandler
from contract.claims import TokenError
from contract.operations import BY_ID, UNROUTED
from contract.problems import PROBLEMS
from contract.rate_plans import Budget
from infra.stores.rate_limits import ChargeRequest, ChargeResult
from tests.spec import decisions
from tests.unit.authz.asking import API_URL, CLAIMS, JWT_HEADER, NOTHING_REVOKED, Known, alone

Check = Callable[[bytes], Awaitable[bytes]]

JWT = "envoy.filters.http.jwt_authn"
READINESS = "readiness"
NOW_S = 1_800_000_000
"""The tokens of the kept corpus were issued then."""
DETAILS = {problem.code: problem for problem in PROBLEMS}
TEXT_CLAIMS = ("sub", "business_id", "role", "plan", "client_id", "token_kind", "rate_key", "jti", "scope")


class Endless:
    """Buckets with room for everybody."""

    def partition(self, business: str) -> str:
        return ""

    async def charge(self, asks: Sequence[ChargeRequest]) -> list[ChargeResult]:
        return [
            ChargeResult(True, tuple(Budget(policy, ask.cost * policy.interval_us) for policy in ask.plan.policies))
            for ask in asks
        ]


class House:
    """An authoriser whose every answer is judged."""

    def __init__(self) -> None:
        self._logged = CapturingLogger()
        log = structlog.wrap_logger(self._logged, processors=[], wrapper_class=structlog.make_filtering_bound_logger(0))
        authorizer = Authorizer(
            Limiter(Endless(), log),
            Known(NOTHING_REVOKED),
            DecisionLog(log),
            api_url=API_URL,
            clock=lambda: NOW_S * 1_000_000_000,
        )
        self.check: Check = alone(authorizer.check_all)
        self.checks: CheckHandler = authorizer.check_all
        self.rule = ""
        self._loop = asyncio.new_event_loop()

    def asks(self, check: Check) -> None:
        """Another one is asked from here on."""
        self.check = check

    def judge(self, message: bytes) -> bool:
        """Whether it was let through; AssertionError where that, or the refusal, is not as it must be."""
        self._logged.calls.clear()
        answer = CheckResponse.FromString(self._loop.run_until_complete(self.check(message)))
        if answer.status.code == 0:
            assert answer.HasField("ok_response")
            assert not answer.HasField("denied_response")
            assert may_pass(message), "let through"
            return True
        self._judge_denial(answer)
        return False

    def _judge_denial(self, answer: CheckResponse) -> None:
        denied = answer.denied_response
        body = json.loads(denied.body)
        problem = DETAILS[body["code"]]
        self.rule = problem.code
        assert denied.status.code == problem.status == body["status"]
        # The rows' own words and nothing else: no exception's text, nothing of what was asked.
        assert body.get("reason") in (None, "malformed", "not-yet-valid")
        detail = TokenError(body["reason"]).detail if "reason" in body else problem.detail
        assert (body["title"], body["detail"]) == (problem.title, detail)
        [line] = self._logged.calls
        assert (line.kwargs["event"], line.kwargs["rule"]) == ("denied", problem.code)
        assert not line.kwargs.get("exc_info"), "an exception of ours"

    def close(self) -> None:
        self._loop.close()


def may_pass(message: bytes) -> bool:
    """Whether anybody could say yes to it."""
    attributes = CheckRequest.FromString(message).attributes
    operation = attributes.context_extensions.get("operation", "")
    if operation == READINESS:
        return True
    if operation not in BY_ID or not attributes.request.http.headers.get("x-request-id"):
        return False
    token = attributes.metadata_context.filter_metadata[JWT].fields
    header, claims = token["jwt_header"].struct_value.fields, token["jwt_payload"].struct_value.fields
    if header["typ"].string_value != "at+jwt" or "crit" in header or not header["kid"].string_value:
        return False
    if header["alg"].string_value not in ("ES256", "RS256") or claims["aud"].string_value != API_URL:
        return False
    if any(claims[name].WhichOneof("kind") != "string_value" for name in TEXT_CLAIMS):
        return False
    if not all(claims[name].number_value > 0 for name in ("iat", "exp")) or claims["iat"].number_value >= NOW_S + 6:
        return False
    claimed = set(claims["permissions"].string_value.split()) if "permissions" in claims else None
    scopes = set(claims["scope"].string_value.split())
    return decisions.refusal(operation, claims["role"].string_value, claimed, scopes) is None


Pick = Callable[[int], int]
"""A number below its argument."""

OPERATIONS = ("contacts.list", "contacts.create", "me.get", *sorted(BY_ID))
NO_OPERATIONS = (*UNROUTED, READINESS, "", "contacts.LIST", "contacts.list\0", "é", "a" * 4000)
ODD: tuple[Any, ...] = (
    None,
    "",
    " ",
    "\0",
    "x" * 5000,
    "é",
    "\U0010ffff",
    True,
    False,
    0,
    -1,
    1e308,
    float("nan"),
    float("inf"),
    1.5,
    {},
    {"a": {"b": [1]}},
    [],
    ["contacts:read"],
    "admin\nviewer",
    "contacts:read  contacts:write",
)
ROLES = ("viewer", "member", "manager", "admin", "owner", "Admin")
WORDS = ("contacts:read", "contacts:write", "deals:delete", "tokens:manage", "pipelines:write", "made:up", "*")


def built(pick: Pick, text: Callable[[], str]) -> bytes:
    """A question that is a good one but for some of its parts, each changed once in a while; nought changes nothing."""

    def once_in(times: int) -> bool:
        return pick(times) == times - 1

    request = CheckRequest()
    attributes = request.attributes
    if not once_in(16):
        attributes.request.http.headers["x-request-id"] = text() if once_in(8) else "0f8fad5b"
    if not once_in(16):
        names = NO_OPERATIONS if once_in(4) else OPERATIONS
        attributes.context_extensions["operation"] = names[pick(len(names))]
    if once_in(4):
        attributes.context_extensions["allowed_methods"] = ("", "GET, HEAD", ",,", "é")[pick(4)]
    if once_in(16):
        attributes.context_extensions[text()] = text()
    header, claims = dict(JWT_HEADER), dict(CLAIMS)
    claims["role"] = ROLES[pick(len(ROLES))]
    claims["scope"] = " ".join(word for word in WORDS if not pick(2))
    if once_in(3):
        claims["permissions"] = " ".join(word for word in WORDS if not pick(2))
    for part in (header, claims):
        while once_in(3):
            _spoil(part, pick, text)
    token = attributes.metadata_context.filter_metadata[text() if once_in(32) else JWT]
    if not once_in(32):
        _put(token, "jwt_header", header)
    if not once_in(32):
        _put(token, "jwt_payload", claims)
    if once_in(32):
        _put(token, text(), claims)
    message = request.SerializeToString()
    # Doubled: a parser of protobuf merges the two in silence.
    if once_in(16):
        message += (message, built(pick, text), text().encode())[pick(3)]
    return message


def _spoil(part: dict[str, Any], pick: Pick, text: Callable[[], str]) -> None:
    names = sorted(part) or ["x"]
    name = names[pick(len(names))]
    match pick(5):
        case 0:
            part.pop(name, None)
        case 1:
            part[name] = ODD[pick(len(ODD))]
        case 2:
            part[name] = text()
        case 3:
            part[name] = f"{part.get(name)}{text()}"
        case 4:
            part[("crit", "b64", "nbf", "permissions", "act", text())[pick(6)]] = ODD[pick(len(ODD))]


def _put(token: Any, name: str, members: dict[str, Any]) -> None:
    token.get_or_create_struct(name).update(members)
