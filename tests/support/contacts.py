"""A contact on both sides of the transcoder, typed by hand from the documents; each call gives a fresh one."""

from typing import Any


def a_contact(**changes: Any) -> dict[str, Any]:
    """A create body with every member that a caller may send but the references."""
    return {
        "first_name": "Ada",
        "last_name": "Okafor",
        "email": "ada@northwind.example",
        "phone": "+442079460958",
        "job_title": "Head of Operations",
        "lifecycle_stage": "prospect",
        "source": "webinar",
        "birth_date": "1988-03-14",
        "do_not_contact": False,
        "address": {"line1": "12 Quay Street", "city": "Bristol", "postal_code": "BS1 4DB", "country": "GB"},
        "tags": ["VIP", "newsletter"],
        "external_id": "erp:1042",
    } | changes


def a_stored_contact(**changes: Any) -> dict[str, Any]:
    """The record of `a_contact` as the internal CRM answers with it; a change to None leaves the member out."""
    stored = {
        "id": 90211,
        "first_name": "Ada",
        "last_name": "Okafor",
        "email": "ada@northwind.example",
        "phone": "+442079460958",
        "job_title": "Head of Operations",
        "lifecycle_code": 2,
        "source": "webinar",
        "birth_date": "1988-03-14",
        "dnd": 0,
        "company_id": 771,
        "address_line1": "12 Quay Street",
        "address_city": "Bristol",
        "address_postal_code": "BS1 4DB",
        "address_country": "GB",
        "tags": ["VIP", "newsletter"],
        "external_id": "erp:1042",
        "owner_user_id": 31,
        "created_by_user_id": 31,
        "created_at": 1781706600000,
        "updated_at": 1781769912250,
        "is_deleted": 0,
        "revision": 2,
    } | changes
    return {name: value for name, value in stored.items() if value is not None}
