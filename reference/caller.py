"""[pure] What is not about records: the caller, receipts, explanations, versions; and the `meta` that answers share."""

from contract.claims import TokenKind
from contract.explain import EXPLAIN_FIELDS
from contract.limits import DEFAULT_PLAN, PLANS
from contract.resources.shape import BUSINESS_PREFIX, USER_PREFIX
from contract.roles import ROLES
from contract.types import Currency, DateTime, Email, Id, Zone
from contract.versions import VERSIONS
from reference.operations import EXPLAIN
from reference.shapes import Schema, array, closed, nullable, opened, ref, told
from reference.values import SCOPE, read, write

_WORDS: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_UNREADABLE = (
    "The ids of records that belong to this page but cannot be shown, since what is stored of them breaks this "
    "contract; absent when there are none. `GET` of one of them answers 502 until it is repaired."
)
_INSTANT = told(read(DateTime()), "", example=DateTime().example)


def meta_schemas() -> dict[str, Schema]:
    """What stands beside `data`."""
    dry = told({"type": "boolean"}, "True: nothing was written.")
    result: Schema = {"type": "string", "enum": ["created", "updated", "unchanged"]}
    cursor = opened(
        {
            "next": told(nullable(_WORDS), "Where the next page begins; null at the end, unless it is a bookmark."),
            "has_more": told({"type": "boolean"}, "Whether there are more records now."),
        },
        required=("next", "has_more"),
    )
    counted = {"succeeded": told(_COUNT, "Items that were done."), "failed": told(_COUNT, "Items that were not.")}
    return {
        "WriteMeta": opened({"dry_run": dry}),
        "UpsertResult": told(result, "What became of the record."),
        "UpsertMeta": opened({"result": ref("UpsertResult"), "dry_run": dry}, required=("result",)),
        "BatchMeta": opened({**counted, "dry_run": dry}, required=("succeeded", "failed")),
        "PageMeta": opened(
            {
                "cursor": cursor,
                "total": told(_COUNT, "How many match, where `include_total` asked."),
                "unreadable": told(array(_WORDS), _UNREADABLE),
            },
            required=("cursor",),
        ),
    }


def caller_schemas() -> dict[str, Schema]:
    """Me, receipts, explanations, versions."""
    return {
        "MeResponse": opened({"data": ref("Me")}, required=("data",)),
        "Me": _whole(
            {
                "business": _business(),
                "user": _user(),
                "permissions": told(array(_WORDS), "What the user may do, sorted."),
                "token": _token(),
                "limits": _limits(),
            }
        ),
        "RequestList": opened({"data": array(ref("Request")), "meta": ref("PageMeta")}, required=("data", "meta")),
        "RequestResponse": opened({"data": ref("Request")}, required=("data",)),
        "Request": _request(),
        EXPLAIN: _explain(),
        "ExplainResponse": opened({"data": ref("Explained")}, required=("data",)),
        "Explained": _explained(),
        "VersionList": opened({"data": array(ref("Version")), "meta": ref("PageMeta")}, required=("data", "meta")),
        "Version": _version(),
    }


def _whole(properties: dict[str, Schema]) -> Schema:
    return opened(properties, required=tuple(properties))


def _id(prefix: str) -> Schema:
    return told(read(Id(prefix)), "", example=Id(prefix).example)


def _business() -> Schema:
    return _whole(
        {
            "id": _id(BUSINESS_PREFIX),
            "name": told(nullable(_WORDS), "", example="Acme Brokers"),
            "plan": {"type": "string", "enum": list(PLANS)},
            "default_currency": told(nullable(read(Currency())), "", example=Currency().example),
            "time_zone": told(nullable(read(Zone())), "", example=Zone().example),
        }
    )


def _user() -> Schema:
    return _whole(
        {
            "id": _id(USER_PREFIX),
            "full_name": told(nullable(_WORDS), "", example="Sam Rivera"),
            "email": told(nullable(read(Email())), "", example=Email().example),
            "role": {"type": "string", "enum": list(ROLES)},
            "time_zone": told(nullable(read(Zone())), "", example=Zone().example),
        }
    )


def _token() -> Schema:
    return _whole(
        {
            "kind": {"type": "string", "enum": list(TokenKind)},
            "client_id": _WORDS,
            "scopes": told(array(ref(SCOPE)), "The token's scopes that the permissions allow, sorted."),
            "expires_at": _INSTANT,
        }
    )


def _limits() -> Schema:
    return _whole(
        {
            policy.name: _whole(
                {
                    "limit": told(_COUNT, "Cost units.", example=policy.limit),
                    "window_seconds": told(_COUNT, "In so many seconds.", example=policy.window_s),
                }
            )
            for policy in DEFAULT_PLAN.policies
        }
    )


def _request() -> Schema:
    return _whole(
        {
            "trace_id": told(nullable(_WORDS), "The request's `X-Request-Id`."),
            "operation": told(nullable(_WORDS), "", example="contacts.create"),
            "state": {"type": "string", "enum": ["done", "running", "absent"]},
            "status": told(nullable({"type": "integer"}), "", example=201),
            "problem": told(nullable(_WORDS), "The `code` of the problem it was answered with."),
            "replayed": nullable({"type": "boolean"}),
            "record_id": told(nullable(_WORDS), "The one record that it created or upserted; null for a batch."),
            "received_at": nullable(_INSTANT),
            "duration_ms": nullable({"type": "number"}),
            "upstream_duration_ms": nullable({"type": "number"}),
        }
    )


def _explain() -> Schema:
    properties = {
        row.name: told(nullable(write(row.type)) if row.nullable else write(row.type), row.about)
        for row in EXPLAIN_FIELDS
    }
    return closed(properties, required=tuple(row.name for row in EXPLAIN_FIELDS if row.required))


def _explained() -> Schema:
    return _whole(
        {
            "decision": {"type": "string", "enum": ["allow", "deny"]},
            "rule": told(nullable(_WORDS), "The `code` of the problem that would answer; null: none would."),
            "reason": told(_WORDS, "", example="The token lacks deals:write."),
            "required_scopes": told(array(ref(SCOPE)), "What a token needs."),
            "granted_scopes": told(array(ref(SCOPE)), "The scopes that were asked about, sorted."),
            "required_permission": told(nullable(_WORDS), "What its user needs."),
            "roles_that_may": told(array(_WORDS), "The roles that grant it, highest first."),
        }
    )


def _version() -> Schema:
    change = _whole({"resources": array(_WORDS), "description": _WORDS})
    return _whole(
        {
            "version": told({"type": "string", "format": "date"}, "", example=VERSIONS[0].date),
            "status": {"type": "string", "enum": ["current", "supported", "deprecated", "retired"]},
            "deprecated_at": nullable(_INSTANT),
            "sunset_at": nullable(_INSTANT),
            "changes": told(array(change), "What became different with it."),
        }
    )
