"""Create bodies, written by hand for each resource; what is unique is new at each call."""

import uuid
from collections.abc import Mapping
from typing import Any, Protocol

Body = dict[str, Any]


class Others(Protocol):
    """Where the ids of other records come from."""

    def id_of(self, resource: str) -> str:
        """Of a live record that nobody changes."""


def unique(beginning: str = "") -> str:
    """A word that nobody else uses."""
    return beginning + uuid.uuid4().hex


def a_contact(**members: Any) -> Body:
    """A contact with an address of its own."""
    return {"first_name": "Ada", "email": f"{unique()}@northwind.example", **members}


def least(resource: str, others: Others) -> Body:
    """The members that a create cannot do without."""
    match resource:
        case "contacts":
            return {"first_name": "Ada"}
        case "companies":
            return {"name": "Northwind Ltd"}
        case "deals":
            return {"title": "Northwind fleet renewal"}
        case "tasks":
            return {"title": "Send renewal quote"}
        case "notes":
            return {"body": "Prefers a call before 10:00.", "contact_id": others.id_of("contacts")}
        case "activities":
            return {"type": "call", "subject": "Renewal call", "deal_id": others.id_of("deals")}
        case "pipelines":
            return {"name": unique("Partners "), "stages": [{"name": "Intro"}, {"name": "Signed", "probability": 90}]}
        case "stages":
            return {"name": unique("Negotiation ")}
        case "personal_access_tokens":
            return {"name": "Nightly export", "scopes": ["contacts:read"]}
        case "apps":
            return {"name": "Warehouse sync", "kind": "service", "scopes": ["contacts:read"], "service_role": "member"}
    raise LookupError(resource)


def whole(resource: str, others: Others) -> Body:
    """Every member that a create takes, each as the answer will show it."""
    links = {name: others.id_of(place) for name, place in LINKS.items()}
    owned = {"external_id": unique("erp:"), "owner_id": others.id_of("users")}
    address = {
        "line1": "12 Quay Street",
        "line2": "Floor 2",
        "city": "Bristol",
        "region": "Somerset",
        "postal_code": "BS1 4DB",
        "country": "GB",
    }
    match resource:
        case "contacts":
            return {
                "first_name": "Ada",
                "last_name": "Okafor",
                "email": f"{unique()}@northwind.example",
                "phone": "+442079460958",
                "job_title": "Head of Operations",
                "lifecycle_stage": "prospect",
                "source": "webinar",
                "birth_date": "1988-03-14",
                "do_not_contact": True,
                "company_id": links["company_id"],
                "address": address,
                "tags": ["VIP", "newsletter"],
                "custom_fields": {"loyalty_tier": "gold", "seats": 25},
                **owned,
            }
        case "companies":
            return {
                "name": "Northwind Ltd",
                "domain": "northwind.example",
                "website": "https://www.northwind.example/",
                "phone": "+442079460000",
                "industry": "Logistics",
                "employee_count": 240,
                "description": "Two sites.\nOne harbour.",
                "address": address,
                "tags": ["Partner"],
                "custom_fields": {"account_grade": "silver", "yearly_spend": 1250.5},
                **owned,
            }
        case "deals":
            return {
                "title": "Fleet 2024",
                "pipeline_id": others.id_of("pipelines"),
                "stage_id": others.id_of("stages"),
                "status": "lost",
                "amount": "9800.50",
                "currency": "USD",
                "expected_close_date": "2026-09-30",
                "closed_at": "2024-11-30T16:00:00Z",
                "lost_reason": "Price",
                "company_id": links["company_id"],
                "contact_ids": [links["contact_id"]],
                "tags": ["renewal"],
                "custom_fields": {"channel": "partner", "discount_percent": 2.5},
                **owned,
            }
        case "tasks":
            return {
                "title": "Signed contract filed",
                "description": "Two copies.",
                "type": "meeting",
                "priority": "high",
                "status": "completed",
                "due_at": "2026-06-25T23:59:59Z",
                "completed_at": "2025-03-04T10:00:00Z",
                **links,
                **owned,
            }
        case "notes":
            return {
                "body": "Prefers a call before 10:00.\nBudget holder is the CFO.",
                "occurred_at": "2026-06-19T17:05:00Z",
                "is_pinned": True,
                **links,
                **owned,
            }
        case "activities":
            return {
                "type": "call",
                "direction": "outbound",
                "subject": "Renewal call",
                "body": "They want it sooner.",
                "occurred_at": "2026-06-20T08:45:00.250Z",
                "duration_seconds": 540,
                "outcome": "connected",
                **links,
                **owned,
            }
    raise LookupError(resource)


LINKS = {"contact_id": "contacts", "company_id": "companies", "deal_id": "deals"}


def as_first(resource: str, body: Mapping[str, Any]) -> Body:
    """A body of today as the first version has it; a due instant must be the last second of its day."""
    match resource:
        case "notes" if "body" in body:
            return {"content" if name == "body" else name: value for name, value in body.items()}
        case "deals" if {"amount", "currency"} & body.keys():
            money = {name: body[name] for name in ("amount", "currency") if name in body}
            rest = {name: value for name, value in body.items() if name not in money}
            return rest | {"value": money}
        case "tasks" if "due_at" in body:
            day = body["due_at"] and body["due_at"].removesuffix("T23:59:59Z")
            return {
                "due_date" if name == "due_at" else name: day if name == "due_at" else value
                for name, value in body.items()
            }
    return dict(body)


def a_patch(resource: str) -> Body:
    """A change that every record of the resource can take."""
    return {
        "contacts": {"job_title": "Captain"},
        "companies": {"industry": "Shipping"},
        "deals": {"title": "Fleet extension"},
        "tasks": {"title": "Send another quote"},
        "notes": {"is_pinned": True},
        "activities": {"subject": "Second call"},
        "pipelines": {"name": unique("Renamed ")},
        "stages": {"probability": 55},
        "apps": {"name": unique("Renamed ")},
    }[resource]
