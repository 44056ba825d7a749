"""Pipelines and their stages: the rows that deals move through. Configuration, written by admins."""

from contract.resources.shape import CONFIGURATION_KINDS, STAMPS, Field, Resource, Write, record_id
from contract.roles import PIPELINES
from contract.types import Bool, Id, Int, Line, Parts

PIPELINE_PREFIX = "pipe"
STAGE_PREFIX = "stage"

PIPELINE = Resource(
    name="pipelines",
    noun="pipeline",
    prefix=PIPELINE_PREFIX,
    access=PIPELINES,
    kinds=CONFIGURATION_KINDS,
    fields=(
        record_id(PIPELINE_PREFIX),
        Field("name", Line(100, example="Sales"), required=True, nullable=False),
        Field("is_default", Bool(), nullable=False, default=False),
        Field(
            "stages",
            Parts("stages", members=("name", "probability")),
            required=True,
            nullable=False,
            write=Write.ON_CREATE,
            filterable=False,
        ),
        *STAMPS,
    ),
    list_filters=("is_default",),
)

STAGE = Resource(
    name="stages",
    noun="stage",
    prefix=STAGE_PREFIX,
    access=PIPELINES,
    kinds=CONFIGURATION_KINDS,
    fields=(
        record_id(STAGE_PREFIX),
        Field("pipeline_id", Id(PIPELINE_PREFIX), nullable=False, write=Write.NEVER),
        Field("name", Line(100, example="Negotiation"), required=True, nullable=False),
        Field("position", Int(0, 49), nullable=False, sortable=True),
        Field("probability", Int(0, 100), nullable=False, default=0),
        *STAMPS,
    ),
    parent=PIPELINE,
    order_by="position",
    descending=False,
)
