"""Contacts inside."""

from contract.resources import CONTACT
from transcoder.dialect.rows import OWNED_NAMES, Differences, dialect

CONTACTS = dialect(
    CONTACT,
    Differences(
        path="contacts",
        names={**OWNED_NAMES, "do_not_contact": "dnd", "lifecycle_stage": "lifecycle_code"},
        codes={"lifecycle_stage": {"lead": 1, "prospect": 2, "customer": 3, "former": 4}},
    ),
)
