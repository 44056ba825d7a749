"""What only deals do: they stand in a stage of a pipeline.

Owns placing a new deal, moving one, and which deals may come back. It must not know how deals are closed.
"""

import sqlalchemy as sa

from sandbox import records as store
from sandbox.checks import Write, number
from sandbox.field_types import Value
from sandbox.records import Record
from sandbox.refusals import Code, Refusal, RefusedError
from sandbox.tables import LIVE, TABLES

STAGES, PIPELINES = TABLES["stages"], TABLES["pipelines"]


async def place_in_stage(write: Write, record: Record) -> Record:
    """A new deal in the stage that it names, or the first one of its pipeline, or of the default pipeline."""
    if "stage_id" in record:
        stage = await live_stage(write, number(record, "stage_id"))
        record.setdefault("pipeline_id", stage["pipeline_id"])
    else:
        record |= await _first_place(write, record.get("pipeline_id"))
    return {**record, "stage_entered_at": write.at_ms}


async def live_stage(write: Write, stage_id: int) -> Record:
    """The stage, which is of the business and not deleted, or E_BAD_REF."""
    stage = await store.find(write.connection, STAGES, write.call.business_id, stage_id)
    if stage is None or stage["is_deleted"]:
        raise RefusedError(Refusal(Code.BAD_REF, f"no stages {stage_id}", field="stage_id"))
    return stage


async def _first_place(write: Write, pipeline_id: Value | None) -> Record:
    stages, pipelines = STAGES.table, PIPELINES.table
    wanted = pipelines.c.is_default == 1 if pipeline_id is None else pipelines.c.id == pipeline_id
    ours = sa.select(pipelines.c.id).where(pipelines.c.business_id == write.call.business_id, wanted, LIVE)
    firsts = sa.select(stages.c.id, stages.c.pipeline_id).where(stages.c.pipeline_id.in_(ours), LIVE)
    row = (await write.connection.execute(firsts.order_by(stages.c.sort_index).limit(1))).one_or_none()
    if row is None:
        raise RefusedError(Refusal(Code.BAD_REF, f"no pipelines {pipeline_id or 'by default'}", field="pipeline_id"))
    return {"stage_id": row.id, "pipeline_id": row.pipeline_id}


async def check_place(write: Write, wanted: Record) -> None:
    """Refuse a new deal in a stage of another pipeline than its own; later they change together only."""
    if "id" not in wanted:
        stage = await live_stage(write, number(wanted, "stage_id"))
        if stage["pipeline_id"] != wanted["pipeline_id"]:
            message = f"stage {stage['id']} is not of pipeline {wanted['pipeline_id']}"
            raise RefusedError(Refusal(Code.STAGE_MISMATCH, message, field="stage_id"))


async def check_stage_is_there(write: Write, wanted: Record) -> None:
    """Refuse to bring back a deal whose stage is not live."""
    stage = await store.find(write.connection, STAGES, write.call.business_id, number(wanted, "stage_id"))
    if stage is None or stage["is_deleted"]:
        raise RefusedError(Refusal(Code.UNDELETE_BLOCKED, f"stage {wanted['stage_id']} is deleted"))


async def stage_change(write: Write, stored: Record, stage_id: int | None) -> Record:
    """What a move to another stage changes; nothing, if the deal stands there."""
    if stage_id is None or stage_id == stored["stage_id"]:
        return {}
    stage = await live_stage(write, stage_id)
    return {"stage_id": stage["id"], "pipeline_id": stage["pipeline_id"], "stage_entered_at": write.at_ms}
