"""Pipelines and their stages: positions without gaps, one default, nothing that deals stand in ever goes away.

Owns what writes of them shift and bump beside the record itself. It must not know HTTP, nor how deals are placed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox import records as store
from sandbox import writes
from sandbox.bodies import BodyContext, Patch, RecordContent, members, parse_create
from sandbox.checks import Write, check_new, load, load_for_write, no_rules, number
from sandbox.field_types import fold
from sandbox.records import Record
from sandbox.refusals import Code, Refusal, RefusedError, Rule, invalid
from sandbox.tables import LIVE, TABLES
from sandbox.writes import Special, rewritten

PIPELINES, STAGES, DEALS = TABLES["pipelines"], TABLES["stages"], TABLES["deals"]
STAGES_MAX = 50
PLAIN = Special()


# Pipelines


def read_pipeline(body: object, asking: BodyContext) -> tuple[RecordContent, list[RecordContent]]:
    """Read the body of a new pipeline, which brings its stages."""
    if not isinstance(body, dict) or "stages" not in body:
        members(body, frozenset({"name", "is_default"}))
        raise invalid("stages", Rule.REQUIRED)
    pipeline = {name: value for name, value in body.items() if name != "stages"}
    return parse_create(pipeline, asking), _read_stages(body["stages"], replace(asking, resource=STAGES.resource))


def _read_stages(given: object, asking: BodyContext) -> list[RecordContent]:
    if not isinstance(given, list):
        raise invalid("stages", Rule.NULL if given is None else Rule.TYPE)
    if not 0 < len(given) <= STAGES_MAX:
        raise invalid("stages", Rule.COUNT_MAX if given else Rule.COUNT_MIN)
    stages: list[RecordContent] = []
    for place, body in enumerate(given):
        members(body, frozenset({"name", "win_percent"}))
        try:
            stage = parse_create(body, asking)
        except RefusedError as error:
            raise RefusedError(replace(error.refusal, field=f"stages.{place}.{error.refusal.field}")) from error
        if fold(stage.values["name"]) in {fold(other.values["name"]) for other in stages}:
            raise invalid(f"stages.{place}.name", Rule.DUP_ITEM)
        stages.append(stage)
    return stages


async def create_pipeline(write: Write, wish: tuple[RecordContent, list[RecordContent]]) -> Record:
    """Make a pipeline with its stages; returns it."""
    content, stages = wish
    pipeline = await writes.create(write, content, PLAIN)
    if pipeline["is_default"]:
        await _take_default(write, pipeline)
    within = of_pipeline(write, pipeline)
    for place, stage in enumerate(stages):
        await writes.create(within, replace(stage, values={**stage.values, "sort_index": place + 1}), PLAIN)
    return pipeline


def of_pipeline(write: Write, pipeline: Record) -> Write:
    """The same write, of the pipeline's stages."""
    return replace(write, records=STAGES, parent_id=number(pipeline, "id"))


async def _take_default(write: Write, pipeline: Record) -> None:
    """Take the mark off the pipeline that has it beside this one."""
    table = PIPELINES.table
    here = (table.c.business_id == write.call.business_id, table.c.is_default == 1, table.c.id != pipeline["id"])
    for pipeline_before in await store.read(write.connection, PIPELINES, *here, LIVE):
        await rewritten(write, pipeline_before, {"is_default": 0})


async def update_pipeline(write: Write, record_id: int, patch: Patch) -> Record:
    """Change a pipeline; returns it."""
    stored = await load_for_write(write, record_id, patch.expected_revision)
    if stored["is_default"] and patch.content.values.get("is_default") == 0:
        raise _default_stays("is_default")
    after = await writes.patched(write, stored, patch.content, PLAIN)
    if after["is_default"] and not stored["is_default"]:
        await _take_default(write, after)
    return after


def _default_stays(field: str | None) -> RefusedError:
    return RefusedError(Refusal(Code.DEFAULT_PIPELINE, "there has to be a default pipeline", field=field))


async def delete_pipeline(write: Write, record_id: int, expected_revision: int | None) -> Record:
    """Soft-delete a pipeline, and its live stages with it; returns it."""
    stored = await load_for_write(write, record_id, expected_revision)
    if stored["is_default"]:
        raise _default_stays(None)
    await _check_no_deals(write, "pipeline_id", stored, Code.PIPELINE_IN_USE)
    within = of_pipeline(write, stored)
    for stage in await _live_stages(within):
        await writes.deleted(within, stage)
    return await writes.deleted(write, stored)


async def undelete_pipeline(write: Write, record_id: int) -> Record:
    """Bring a pipeline back with the stages that went with it; returns it."""
    stored = await load(write, record_id)
    if not stored["is_deleted"]:
        return stored
    await check_new(write, stored, no_rules)
    within, table = of_pipeline(write, stored), STAGES.table
    # They went in one write, whose instant no other write of the business has.
    together = (table.c.pipeline_id == stored["id"], table.c.is_deleted == 1)
    at_once = table.c.deleted_at == stored["deleted_at"]
    for stage in await store.read(write.connection, STAGES, *together, at_once):
        await rewritten(within, stage, {"is_deleted": 0})
    return await rewritten(write, stored, {"is_deleted": 0})


async def _check_no_deals(write: Write, field: str, holder: Record, code: Code) -> None:
    table = DEALS.table
    here = [table.c.business_id == write.call.business_id, table.c[field] == holder["id"], LIVE]
    if await store.count(write.connection, table, here):
        raise RefusedError(Refusal(code, f"live deals are in {write.path} {holder['id']}"))


# Stages


async def check_parent(write: Write) -> Record:
    """The live pipeline under which the stages are, or E_NOT_FOUND."""
    pipeline = await store.find(write.connection, PIPELINES, write.call.business_id, write.parent_id or 0)
    if pipeline is None or pipeline["is_deleted"]:
        raise RefusedError(Refusal(Code.NOT_FOUND, f"no pipelines {write.parent_id}"))
    return pipeline


async def _live_stages(write: Write) -> list[Record]:
    table = STAGES.table
    ours = table.c.pipeline_id == write.parent_id
    return await store.read(write.connection, STAGES, ours, LIVE, order=[table.c.sort_index])


async def _arrange(write: Write, stages: list[Record]) -> None:
    """Give each of these stages, in this order, its position."""
    for place, stage in enumerate(stages):
        if stage["sort_index"] != place + 1:
            await rewritten(write, stage, {"sort_index": place + 1})


async def _bump(write: Write, pipeline: Record) -> None:
    await rewritten(replace(write, records=PIPELINES, parent_id=None), pipeline, {})


def _inserted(stages: list[Record], stage: Record, wanted: Any) -> tuple[list[Record], int]:
    """The stages with one more at a 1-based position, past the end at the last; and that position."""
    place = min(wanted or len(stages) + 1, len(stages) + 1)
    return [*stages[: place - 1], stage, *stages[place - 1 :]], place


async def create_stage(write: Write, content: RecordContent) -> Record:
    """Make a stage at its position, the last one if it names none; returns it."""
    pipeline, others = await check_parent(write), await _live_stages(write)
    _, place = _inserted(others, {}, content.values.get("sort_index"))
    stage = await writes.create(write, replace(content, values={**content.values, "sort_index": place}), PLAIN)
    await _arrange(write, _inserted(others, stage, place)[0])
    await _bump(write, pipeline)
    return stage


async def update_stage(write: Write, record_id: int, patch: Patch) -> Record:
    """Change a stage, and move those that stand in its way; returns it."""
    pipeline, stored = await check_parent(write), await load_for_write(write, record_id, patch.expected_revision)
    values: Mapping[str, Any] = patch.content.values
    others = [stage for stage in await _live_stages(write) if stage["id"] != stored["id"]]
    if "sort_index" in values:
        values = {**values, "sort_index": _inserted(others, stored, values["sort_index"])[1]}
    after = await writes.patched(write, stored, replace(patch.content, values=values), PLAIN)
    if after != stored:
        await _arrange(write, _inserted(others, after, after["sort_index"])[0])
        await _bump(write, pipeline)
    return after


async def delete_stage(write: Write, record_id: int, expected_revision: int | None) -> Record:
    """Soft-delete a stage that no live deal is in and that is not the last one; returns it."""
    pipeline, stored = await check_parent(write), await load_for_write(write, record_id, expected_revision)
    others = [stage for stage in await _live_stages(write) if stage["id"] != stored["id"]]
    if not others:
        raise RefusedError(Refusal(Code.LAST_STAGE, f"stage {record_id} is the pipeline's last"))
    await _check_no_deals(write, "stage_id", stored, Code.STAGE_IN_USE)
    gone = await writes.deleted(write, stored)
    await _arrange(write, others)
    await _bump(write, pipeline)
    return gone


async def undelete_stage(write: Write, record_id: int) -> Record:
    """Bring a stage back as the last one; returns it."""
    pipeline, stored = await check_parent(write), await load(write, record_id)
    if not stored["is_deleted"]:
        return stored
    await check_new(write, stored, no_rules)
    last = len(await _live_stages(write)) + 1
    after = await rewritten(write, stored, {"is_deleted": 0, "sort_index": last})
    await _bump(write, pipeline)
    return after
