"""[pure] What a resource may declare: whatever would be lost, falsified or crash is refused before any request comes.

Knows the types that bodies are judged by, and no resource.
"""

from collections.abc import Iterable, Iterator

from contract.resources import Field, Resource, Writable
from contract.types import Address, Amount, CustomFields, Ids, Parts, Tags
from contract.vocabulary import Kind
from transcoder.validation.bodies import WRITABLE_TYPES
from transcoder.validation.values import CHECKS


class DeclarationError(Exception):
    """A resource that cannot be served as it is declared; the message names the resource and the member."""


def check_declarations(resources: Iterable[Resource]) -> None:
    """Refuse what the gateway would drop, leave unscaled or fail on; raises DeclarationError with all faults."""
    by_name = {resource.name: resource for resource in resources}
    faults = [fault for resource in by_name.values() for fault in _faults(resource, by_name)]
    if faults:
        raise DeclarationError("; ".join(faults))


def _faults(resource: Resource, by_name: dict[str, Resource]) -> Iterator[str]:
    priced = None if resource.money is None else resource.money.amount
    for row in resource.fields:
        at = f"{resource.name}.{row.name}"
        if isinstance(row.type, Amount) and row.name != priced:
            yield f"{at}: an amount that `money` does not name would be neither scaled nor held to its currency"
        if isinstance(row.type, Parts):
            yield from _faults_of_parts(at, row.type, by_name)
        if not _has_judge(row):
            yield _no_judge(at, row)
        elif Kind.SEARCH in resource.kinds and row.filterable and not _has_filter(row):
            yield f"{at}: a {type(row.type).__name__} cannot be filtered by, since nothing judges a filter's values"
    for action in resource.actions:
        for row in action.fields:
            at = f"{resource.name}.{action.name}.{row.name}"
            if isinstance(row.type, Amount):
                yield f"{at}: an amount in an action's body would not be scaled to its currency"
            if not _has_judge(row):
                yield _no_judge(at, row)


def _faults_of_parts(at: str, kind: Parts, by_name: dict[str, Resource]) -> Iterator[str]:
    part = by_name.get(kind.of)
    if part is None:
        yield f"{at}: there is no resource `{kind.of}`"
        return
    if "name" not in kind.members:
        yield f"{at}: parts are told apart by a member `name`; without it every part would be dropped"
    for name in kind.members:
        row = part.by_name.get(name)
        if row is None:
            yield f"{at}.{name}: `{kind.of}` has no such member"
        elif isinstance(row.type, Amount):
            yield f"{at}.{name}: an amount in a part would not be scaled to its currency"


def _has_judge(row: Field) -> bool:
    return row.write is Writable.NEVER or type(row.type) in WRITABLE_TYPES


def _has_filter(row: Field) -> bool:
    return type(row.type) in CHECKS or isinstance(row.type, Ids | Tags | Address | CustomFields)


def _no_judge(at: str, row: Field) -> str:
    return f"{at}: a {type(row.type).__name__} cannot be written, since nothing judges what callers send"
