"""Contacts inside."""

from contract.resources import CONTACT
from transcoder.dialect.conversions import coded
from transcoder.dialect.mapping import MappingOverrides, resource_mapping

CONTACTS = resource_mapping(
    CONTACT,
    MappingOverrides(
        path="contacts",
        names={"do_not_contact": "dnd", "lifecycle_stage": "lifecycle_code"},
        conversions={"lifecycle_stage": coded({"lead": 1, "prospect": 2, "customer": 3, "former": 4})},
    ),
)
