"""Notes inside."""

from contract.resources import NOTE
from transcoder.dialect.mapping import MappingOverrides, resource_mapping

NOTES = resource_mapping(NOTE, MappingOverrides(path="notes", names={"is_pinned": "pinned", "occurred_at": "noted_at"}))
