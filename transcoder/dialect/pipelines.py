"""Pipelines and their stages inside."""

from contract.resources import PIPELINE, STAGE
from transcoder.dialect.conversions import shifted
from transcoder.dialect.mapping import MappingOverrides, resource_mapping

STAGES = resource_mapping(
    STAGE,
    MappingOverrides(
        path="pipelines/{parent}/stages",
        names={"position": "sort_index", "probability": "win_percent"},
        conversions={"position": shifted(1)},
        pages_by_offset=True,
    ),
)
PIPELINES = resource_mapping(
    PIPELINE, MappingOverrides(path="pipelines", parts={"stages": STAGES}, pages_by_offset=True)
)
