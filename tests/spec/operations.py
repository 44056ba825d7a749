"""The operations that are served, as the documentation lists them."""

from typing import NamedTuple


class Promised(NamedTuple):
    """A row of the table of operations."""

    id: str
    method: str
    path: str
    scope: str
    lowest_role: str
    keyed: bool
    cost: int
    success: int


OPERATIONS = (
    Promised("contacts.list", "GET", "/v1/contacts", "contacts:read", "viewer", False, 1, 200),
    Promised("contacts.create", "POST", "/v1/contacts", "contacts:write", "member", True, 1, 201),
    Promised("contacts.get", "GET", "/v1/contacts/{contact_id}", "contacts:read", "viewer", False, 1, 200),
    Promised("contacts.update", "PATCH", "/v1/contacts/{contact_id}", "contacts:write", "member", False, 1, 200),
    Promised("contacts.delete", "DELETE", "/v1/contacts/{contact_id}", "contacts:delete", "member", False, 1, 204),
)

ROLES = ("viewer", "member", "manager", "admin")
"""Each may do all that the ones before it may."""

PLANS = {"starter": (50, 20000), "growth": (100, 200000), "scale": (200, 1000000)}
"""Cost units in 10 seconds, and in a day."""

VERSIONS = ("2026-11-24", "2026-06-17")
"""Newest first."""

RATE_HEADERS = (
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-RateLimit-Daily-Limit",
    "X-RateLimit-Daily-Remaining",
    "X-RateLimit-Daily-Reset",
    "X-RateLimit-Cost",
    "RateLimit-Policy",
    "RateLimit",
)

CONTACT_MEMBERS = (
    "id",
    "first_name",
    "last_name",
    "full_name",
    "email",
    "phone",
    "job_title",
    "lifecycle_stage",
    "source",
    "birth_date",
    "do_not_contact",
    "company_id",
    "address",
    "tags",
    "external_id",
    "owner_id",
    "created_by_id",
    "created_at",
    "updated_at",
    "deleted_at",
    "etag",
)

PROBLEMS = {
    "authentication-required": 401,
    "invalid-token": 401,
    "insufficient-scope": 403,
    "insufficient-permission": 403,
    "business-suspended": 403,
    "route-not-found": 404,
    "method-not-allowed": 405,
    "resource-not-found": 404,
    "resource-deleted": 410,
    "version-required": 400,
    "version-invalid": 400,
    "version-unsupported": 400,
    "malformed-request": 400,
    "invalid-parameter": 400,
    "invalid-id": 400,
    "invalid-cursor": 400,
    "request-timeout": 408,
    "upgrade-required": 426,
    "not-supported": 501,
    "headers-too-large": 431,
    "payload-too-large": 413,
    "unsupported-media-type": 415,
    "not-acceptable": 406,
    "validation-failed": 422,
    "business-rule-violated": 422,
    "duplicate-resource": 409,
    "conflict": 409,
    "idempotency-in-progress": 409,
    "idempotency-key-reused": 422,
    "idempotency-unavailable": 503,
    "precondition-failed": 412,
    "rate-limited": 429,
    "internal-error": 500,
    "upstream-invalid": 502,
    "upstream-unavailable": 503,
    "upstream-timeout": 504,
    "overloaded": 503,
}
