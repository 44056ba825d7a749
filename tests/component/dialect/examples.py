"""A neutral record of each resource that callers write, with every field that can be written, and what it needs."""

import itertools
from typing import Any

from contract.resources import ACTIVITY, COMPANY, CONTACT, DEAL, NOTE, PIPELINE, STAGE, TASK, Resource
from tests.component.dialect.conftest import MANAGER
from transcoder.backend.interface import Actor, Record, RecordCollection, Refusal, Values, WriteResult, WriteTerms
from transcoder.dialect.backend import CrmBackend

_NUMBERS = itertools.count(1)
PLAIN = WriteTerms()
SIX = (CONTACT, COMPANY, DEAL, TASK, NOTE, ACTIVITY)


def a_name(stem: str = "x") -> str:
    """A value that nobody else in this session has."""
    return f"{stem}-{next(_NUMBERS)}"


def address(**members: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("line1", "line2", "city", "region", "postal_code", "country"))
    return blank | members


def kept(outcome: WriteResult | Record | Refusal) -> Record:
    """The record that a call gave."""
    assert not isinstance(outcome, Refusal), outcome
    return outcome.record if isinstance(outcome, WriteResult) else outcome


async def made(crm: CrmBackend, actor: Actor, resource: Resource, **values: Any) -> Record:
    """A new record: what it needs at least, and `values`."""
    return kept(await crm.create(RecordCollection(resource), await least(crm, actor, resource) | values, PLAIN, actor))


async def least(crm: CrmBackend, actor: Actor, resource: Resource) -> dict[str, Any]:
    """What a record needs at least."""
    match resource.name:
        case "contacts":
            return {"last_name": a_name("Okafor")}
        case "companies":
            return {"name": a_name("Northwind")}
        case "deals" | "tasks":
            return {"title": a_name("Renewal")}
        case "notes":
            return {"body": a_name("Prefers a call"), "contact_id": (await made(crm, actor, CONTACT)).number}
        case "activities":
            contact = await made(crm, actor, CONTACT)
            return {"type": "call", "subject": a_name("Renewal call"), "contact_id": contact.number}
        case "pipelines":
            return {"name": a_name("Partners"), "stages": [{"name": "Intro"}, {"name": "Signed", "probability": 90}]}
    raise LookupError(resource.name)


async def whole(crm: CrmBackend, actor: Actor, resource: Resource) -> Values:
    """Every field that a caller may write on create."""
    company = (await made(crm, actor, COMPANY)).number
    contact = (await made(crm, actor, CONTACT)).number
    shared = {"external_id": a_name("erp"), "owner_id": MANAGER}
    links = {"contact_id": contact, "company_id": company, "deal_id": (await made(crm, actor, DEAL)).number}
    place = address(line1="12 Quay Street", city="Bristol", country="GB")
    match resource:
        case _ if resource is CONTACT:
            return shared | {
                "first_name": "Ada",
                "last_name": "Okafor",
                "email": f"{a_name('ada')}@northwind.example",
                "phone": "+442079460958",
                "job_title": "Head of Operations",
                "lifecycle_stage": "prospect",
                "source": "webinar",
                "birth_date": "1988-03-14",
                "do_not_contact": True,
                "company_id": company,
                "address": place,
                "tags": ["VIP", "newsletter"],
                "custom_fields": {},
            }
        case _ if resource is COMPANY:
            return shared | {
                "name": "Northwind Ltd",
                "domain": f"{a_name('northwind')}.example",
                "website": "https://www.northwind.example/",
                "phone": "+442079460958",
                "industry": "Logistics",
                "employee_count": 240,
                "description": "Freight.\nOn the Severn.",
                "address": place,
                "tags": ["VIP"],
                "custom_fields": {},
            }
        case _ if resource is DEAL:
            pipeline = await made(crm, actor, PIPELINE)
            return shared | {
                "title": "Fleet renewal",
                "pipeline_id": pipeline.number,
                "stage_id": pipeline.values["stages"][1].number,
                "status": "lost",
                "amount": 1_250_000,
                "currency": "GBP",
                "expected_close_date": "2026-09-30",
                "closed_at": 1_732_982_400_000,
                "lost_reason": "Price",
                "company_id": company,
                "contact_ids": [contact],
                "tags": ["renewal"],
                "custom_fields": {},
            }
        case _ if resource is TASK:
            return (
                shared
                | links
                | {
                    "title": "Send renewal quote",
                    "description": "With the new prices.",
                    "type": "meeting",
                    "priority": "high",
                    "status": "completed",
                    "due_at": 1_750_000_000_000,
                    "completed_at": 1_740_000_000_000,
                }
            )
        case _ if resource is NOTE:
            when = {"occurred_at": 1_740_000_000_000}
            return shared | links | when | {"body": "Prefers a call.", "is_pinned": True}
        case _ if resource is ACTIVITY:
            return (
                shared
                | links
                | {
                    "type": "email",
                    "direction": "outbound",
                    "subject": "Renewal call",
                    "body": "Talked about the fleet.",
                    "occurred_at": 1_740_000_000_000,
                    "duration_seconds": 540,
                    "outcome": "connected",
                }
            )
    raise LookupError(resource.name)


async def stages_of(crm: CrmBackend, actor: Actor) -> tuple[Record, RecordCollection]:
    """A pipeline of its own, and the shelf of its stages."""
    pipeline = await made(crm, actor, PIPELINE)
    return pipeline, RecordCollection(STAGE, pipeline.number)
