"""[pure] What is not about records: the caller, receipts, explanations, versions; and the `meta` that answers share."""

from apidocs.json_schema import Schema, array, described, nullable, ref, request_object, response_object
from apidocs.operations import EXPLAIN
from apidocs.type_schemas import SCOPE, request_schema, response_schema
from contract.claims import TokenKind
from contract.explain_request import EXPLAIN_FIELDS
from contract.rate_plans import DEFAULT_PLAN, PLANS
from contract.resources.shape import BUSINESS_PREFIX, USER_PREFIX
from contract.roles import ROLES
from contract.types import Currency, DateTime, Email, Id, Zone
from contract.versions import VERSIONS

_WORDS: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_UNREADABLE = (
    "The ids of records that belong to this page but cannot be shown, since what is stored of them breaks this "
    "contract; absent when there are none. `GET` of one of them answers 502 until it is repaired."
)
_INSTANT = described(response_schema(DateTime()), "", example=DateTime().example)


def meta_schemas() -> dict[str, Schema]:
    """What stands beside `data`."""
    dry = described({"type": "boolean"}, "True: nothing was written.")
    result: Schema = {"type": "string", "enum": ["created", "updated", "unchanged"]}
    cursor = response_object(
        {
            "next": described(
                nullable(_WORDS), "Where the next page begins; null at the end, unless it is a bookmark."
            ),
            "has_more": described({"type": "boolean"}, "Whether there are more records now."),
        },
        required=("next", "has_more"),
    )
    counted = {
        "succeeded": described(_COUNT, "Items that were done."),
        "failed": described(_COUNT, "Items that were not."),
    }
    return {
        "WriteMeta": response_object({"dry_run": dry}),
        "UpsertResult": described(result, "What became of the record."),
        "UpsertMeta": response_object({"result": ref("UpsertResult"), "dry_run": dry}, required=("result",)),
        "BatchMeta": response_object({**counted, "dry_run": dry}, required=("succeeded", "failed")),
        "PageMeta": response_object(
            {
                "cursor": cursor,
                "total": described(_COUNT, "How many match, where `include_total` asked."),
                "unreadable": described(array(_WORDS), _UNREADABLE),
            },
            required=("cursor",),
        ),
    }


def caller_schemas() -> dict[str, Schema]:
    """Me, receipts, explanations, versions."""
    return {
        "MeResponse": response_object({"data": ref("Me")}, required=("data",)),
        "Me": _whole(
            {
                "business": _business(),
                "user": _user(),
                "permissions": described(array(_WORDS), "What the user may do, sorted."),
                "token": _token(),
                "limits": _limits(),
            }
        ),
        "RequestList": response_object(
            {"data": array(ref("Request")), "meta": ref("PageMeta")}, required=("data", "meta")
        ),
        "RequestResponse": response_object({"data": ref("Request")}, required=("data",)),
        "Request": _request(),
        EXPLAIN: _explain(),
        "ExplainResponse": response_object({"data": ref("Explained")}, required=("data",)),
        "Explained": _explained(),
        "VersionList": response_object(
            {"data": array(ref("Version")), "meta": ref("PageMeta")}, required=("data", "meta")
        ),
        "Version": _version(),
    }


def _whole(properties: dict[str, Schema]) -> Schema:
    return response_object(properties, required=tuple(properties))


def _id(prefix: str) -> Schema:
    return described(response_schema(Id(prefix)), "", example=Id(prefix).example)


def _business() -> Schema:
    return _whole(
        {
            "id": _id(BUSINESS_PREFIX),
            "name": described(nullable(_WORDS), "", example="Acme Brokers"),
            "plan": {"type": "string", "enum": list(PLANS)},
            "default_currency": described(nullable(response_schema(Currency())), "", example=Currency().example),
            "time_zone": described(nullable(response_schema(Zone())), "", example=Zone().example),
        }
    )


def _user() -> Schema:
    return _whole(
        {
            "id": _id(USER_PREFIX),
            "full_name": described(nullable(_WORDS), "", example="Sam Rivera"),
            "email": described(nullable(response_schema(Email())), "", example=Email().example),
            "role": {"type": "string", "enum": list(ROLES)},
            "time_zone": described(nullable(response_schema(Zone())), "", example=Zone().example),
        }
    )


def _token() -> Schema:
    return _whole(
        {
            "kind": {"type": "string", "enum": list(TokenKind)},
            "client_id": _WORDS,
            "scopes": described(array(ref(SCOPE)), "The token's scopes that the permissions allow, sorted."),
            "expires_at": _INSTANT,
        }
    )


def _limits() -> Schema:
    return _whole(
        {
            policy.name: _whole(
                {
                    "limit": described(_COUNT, "Cost units.", example=policy.limit),
                    "window_seconds": described(_COUNT, "In so many seconds.", example=policy.window_s),
                }
            )
            for policy in DEFAULT_PLAN.policies
        }
    )


def _request() -> Schema:
    return _whole(
        {
            "trace_id": described(nullable(_WORDS), "The request's `X-Request-Id`."),
            "operation": described(nullable(_WORDS), "", example="contacts.create"),
            "state": {"type": "string", "enum": ["done", "running", "absent"]},
            "status": described(nullable({"type": "integer"}), "", example=201),
            "problem": described(nullable(_WORDS), "The `code` of the problem it was answered with."),
            "replayed": nullable({"type": "boolean"}),
            "record_id": described(nullable(_WORDS), "The one record that it created or upserted; null for a batch."),
            "received_at": nullable(_INSTANT),
            "duration_ms": nullable({"type": "number"}),
            "upstream_duration_ms": nullable({"type": "number"}),
        }
    )


def _explain() -> Schema:
    properties = {
        row.name: described(nullable(request_schema(row.type)) if row.nullable else request_schema(row.type), row.about)
        for row in EXPLAIN_FIELDS
    }
    return request_object(properties, required=tuple(row.name for row in EXPLAIN_FIELDS if row.required))


def _explained() -> Schema:
    return _whole(
        {
            "decision": {"type": "string", "enum": ["allow", "deny"]},
            "rule": described(nullable(_WORDS), "The `code` of the problem that would answer; null: none would."),
            "reason": described(_WORDS, "", example="The token lacks deals:write."),
            "required_scopes": described(array(ref(SCOPE)), "What a token needs."),
            "granted_scopes": described(array(ref(SCOPE)), "The scopes that were asked about, sorted."),
            "required_permission": described(nullable(_WORDS), "What its user needs."),
            "roles_that_may": described(array(_WORDS), "The roles that grant it, highest first."),
        }
    )


def _version() -> Schema:
    change = _whole({"resources": array(_WORDS), "description": _WORDS})
    return _whole(
        {
            "version": described({"type": "string", "format": "date"}, "", example=VERSIONS[0].date),
            "status": {"type": "string", "enum": ["current", "supported", "deprecated", "retired"]},
            "deprecated_at": nullable(_INSTANT),
            "sunset_at": nullable(_INSTANT),
            "changes": described(array(change), "What became different with it."),
        }
    )
