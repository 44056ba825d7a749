"""Pipelines and their stages: the rows that deals move through. Configuration, written by admins."""

from contract.resources.shape import CONFIGURATION_KINDS, TIMESTAMPS, Field, Resource, Writable, record_id
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
        Field("name", Line(100, example="Sales"), required=True, nullable=False, in_search_text=True),
        Field(
            "is_default",
            Bool(),
            nullable=False,
            default=False,
            about="Exactly one live pipeline is: true takes the mark off the former one.",
        ),
        Field(
            "stages",
            Parts("stages", members=("name", "probability")),
            required=True,
            nullable=False,
            write=Writable.ON_CREATE,
            filterable=False,
            about="Its live stages in their order; on create their names, each once.",
        ),
        *TIMESTAMPS,
    ),
    list_filters=("is_default",),
    about="Rows of stages that deals move through; configuration, written by admins. A pipeline with live deals cannot "
    "be deleted; its stages go and return with it.",
)

STAGE = Resource(
    name="stages",
    noun="stage",
    prefix=STAGE_PREFIX,
    access=PIPELINES,
    kinds=CONFIGURATION_KINDS,
    fields=(
        record_id(STAGE_PREFIX),
        Field("pipeline_id", Id(PIPELINE_PREFIX), nullable=False, write=Writable.NEVER),
        Field("name", Line(100, example="Negotiation"), required=True, nullable=False, in_search_text=True),
        Field(
            "position",
            Int(0, 49),
            nullable=False,
            sortable=True,
            about="From 0, without gaps: writing it inserts the stage there. The last unless given.",
        ),
        Field("probability", Int(0, 100), nullable=False, default=0, about="The chance of winning, in percent."),
        *TIMESTAMPS,
    ),
    parent=PIPELINE,
    order_by="position",
    descending=False,
    about="The stages of one pipeline, in their order. A write of a stage moves `updated_at` and `etag` of its "
    "pipeline and of the stages that shift.",
)
