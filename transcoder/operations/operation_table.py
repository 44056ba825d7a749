"""What is known of an operation before any request for it comes: laid out once, when the process starts."""

from collections.abc import Mapping
from dataclasses import dataclass

from contract import ids
from contract.operations import OPERATIONS, Operation
from contract.resources import RESOURCES, Resource
from contract.size_and_time_limits import MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES
from contract.versions import VERSIONS, Version
from contract.vocabulary import BATCH_KINDS
from transcoder.backend.interface import Backend, Capabilities
from transcoder.http.parameters import ParameterContext, Parameters, Read, parse_parameters, parsers_of
from transcoder.operations.handlers import HANDLERS, Handler
from transcoder.presentation.errors import ApiError
from transcoder.presentation.versioning import Translation, translations
from transcoder.validation.values import KnownDefinitions, ValidationContext

_SAME = Translation(())


@dataclass(frozen=True, slots=True)
class OperationEntry:
    """How requests of one operation are taken. `able`: what those can do who keep its records. `parts`: of its path,
    between slashes; `id_places`: which are ids, of `resources`, outermost first. `without_a_query`: the parameters of
    a request that has none; None where one is required. `custom`: its records may have fields of their business's own.
    A read-only table for the pipeline: it decides nothing.
    """

    operation: Operation
    handler: Handler
    capabilities: Capabilities
    path_segments: int
    id_places: tuple[int, ...]
    resources: tuple[Resource, ...]
    has_parent: bool
    readers: Mapping[str, Read]
    without_a_query: Parameters | None
    custom: bool
    translations: Mapping[str, Translation]
    """By the date of the caller's version."""
    max_body_bytes: int


def operation_table(records: Backend) -> dict[str, OperationEntry]:
    """The plan of each operation, by its id; an open one has none: nobody's token, and it takes nothing."""
    by_version = {version: translations(version, RESOURCES) for version in VERSIONS}
    able = records.capabilities_for
    return {row.id: _plan(row, able(row.resource_row), by_version) for row in OPERATIONS if not row.is_public}


def _plan(
    row: Operation, able: Capabilities, by_version: Mapping[Version, Mapping[Resource, Translation]]
) -> OperationEntry:
    parts = row.path.split("/")
    return OperationEntry(
        operation=row,
        handler=HANDLERS[row.kind],
        capabilities=able,
        path_segments=len(parts),
        id_places=tuple(
            place for place, part in enumerate(parts) if row.resource_row is not None and part.startswith("{")
        ),
        resources=_path_resources(row),
        has_parent=row.resource_row is not None and row.resource_row.parent is not None,
        readers=parsers_of(row),
        without_a_query=_without_a_query(row),
        custom=row.resource_row is not None and row.resource_row.has_custom_fields,
        translations={
            version.date: _SAME if row.resource_row is None else own[row.resource_row]
            for version, own in by_version.items()
        },
        max_body_bytes=MAX_BATCH_BODY_BYTES if row.kind in BATCH_KINDS else MAX_BODY_BYTES,
    )


def _path_resources(row: Operation) -> tuple[Resource, ...]:
    if row.resource_row is None:
        return ()
    above = () if row.resource_row.parent is None else (row.resource_row.parent,)
    return (*above, row.resource_row) if f"{{{row.resource_row.parameter}}}" in row.path else above


def _without_a_query(row: Operation) -> Parameters | None:
    nobody = ValidationContext(0, lambda _, __: ids.FOREIGN, KnownDefinitions({}))
    try:
        return parse_parameters(parsers_of(row), [], ParameterContext(row, nobody, _SAME))
    except ApiError:
        return None
