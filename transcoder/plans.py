"""What is known of an operation before any request for it comes: laid out once, when the process starts."""

from collections.abc import Mapping
from dataclasses import dataclass

from contract import ids
from contract.bounds import MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES
from contract.operations import OPERATIONS, Operation
from contract.resources import RESOURCES, Resource
from contract.versions import VERSIONS, Version
from contract.vocabulary import BATCHES
from transcoder.errors import ApiError
from transcoder.handlers import HANDLERS, Handler
from transcoder.parameters import Asked, Parameters, Read, read_parameters, readers
from transcoder.records import Capabilities, Records
from transcoder.values import Known, Surroundings
from transcoder.versioning import Translation, translations

_SAME = Translation(())


@dataclass(frozen=True, slots=True)
class Plan:
    """How requests of one operation are taken. `able`: what those can do who keep its records. `parts`: of its path,
    between slashes; `id_places`: which are ids, of `resources`, outermost first. `without_a_query`: the parameters of
    a request that has none; None where one is required. `custom`: its records may have fields of their business's own.
    A read-only table for the pipeline: it decides nothing.
    """

    operation: Operation
    handler: Handler
    able: Capabilities
    parts: int
    id_places: tuple[int, ...]
    resources: tuple[Resource, ...]
    has_parent: bool
    readers: Mapping[str, Read]
    without_a_query: Parameters | None
    custom: bool
    translations: Mapping[str, Translation]
    """By the date of the caller's version."""
    most_body_bytes: int


def plans(records: Records) -> dict[str, Plan]:
    """The plan of each operation, by its id; an open one has none: nobody's token, and it takes nothing."""
    by_version = {version: translations(version, RESOURCES) for version in VERSIONS}
    able = records.capabilities_for
    return {row.id: _plan(row, able(row.of), by_version) for row in OPERATIONS if not row.open}


def _plan(row: Operation, able: Capabilities, by_version: Mapping[Version, Mapping[Resource, Translation]]) -> Plan:
    parts = row.path.split("/")
    return Plan(
        operation=row,
        handler=HANDLERS[row.kind],
        able=able,
        parts=len(parts),
        id_places=tuple(place for place, part in enumerate(parts) if row.of is not None and part.startswith("{")),
        resources=_path_resources(row),
        has_parent=row.of is not None and row.of.parent is not None,
        readers=readers(row),
        without_a_query=_without_a_query(row),
        custom=row.of is not None and row.of.custom,
        translations={version.date: _SAME if row.of is None else own[row.of] for version, own in by_version.items()},
        most_body_bytes=MAX_BATCH_BODY_BYTES if row.kind in BATCHES else MAX_BODY_BYTES,
    )


def _path_resources(row: Operation) -> tuple[Resource, ...]:
    if row.of is None:
        return ()
    above = () if row.of.parent is None else (row.of.parent,)
    return (*above, row.of) if f"{{{row.of.parameter}}}" in row.path else above


def _without_a_query(row: Operation) -> Parameters | None:
    nobody = Surroundings(0, lambda _, __: ids.FOREIGN, Known({}))
    try:
        return read_parameters(readers(row), [], Asked(row, nobody, _SAME))
    except ApiError:
        return None
