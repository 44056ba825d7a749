"""Companies inside."""

from contract.resources import COMPANY
from transcoder.dialect.mapping import MappingOverrides, resource_mapping

COMPANIES = resource_mapping(COMPANY, MappingOverrides(path="companies", names={"employee_count": "employees"}))
