"""Every operator on every field of every resource, against the model; and everything that a condition must not be."""

import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.conformance.corpus import Corpus, found
from tests.conformance.examples import Body
from tests.conformance.model import holds, value_of
from tests.conformance.values import bad_values
from tests.conformance.world import World, nobodys
from tests.spec.operations import SIX
from tests.spec.resources import (
    CUSTOM_GROUPS,
    FILTERABLE_ADDRESS,
    FIRST_NAMES,
    MEMBERS,
    OPERATORS,
    WITH_CUSTOM,
    member,
)
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack


def _targets() -> Iterator[tuple[str, str, str, bool]]:
    """(resource, field, group, whether null is allowed)."""
    for resource in SIX:
        for row in MEMBERS[resource]:
            if row.kind == "address":
                yield from ((resource, f"address.{name}", "str", True) for name in FILTERABLE_ADDRESS)
            elif row.group:
                yield resource, row.name, row.group, row.null == "Y"
        if resource in WITH_CUSTOM:
            yield from ((resource, kind, group, True) for kind, group in CUSTOM_GROUPS.items())


TARGETS = list(_targets())
every = pytest.mark.parametrize(
    ("resource", "field", "group", "nullable"), TARGETS, ids=[f"{target[0]}.{target[1]}" for target in TARGETS]
)
six = pytest.mark.parametrize("resource", SIX)


def _name(corpus: Corpus, resource: str, field: str) -> str:
    """The field's name in a filter: own fields are named by their type here."""
    known = {row.name for row in MEMBERS[resource]}
    if field in known and not (resource in WITH_CUSTOM and field in CUSTOM_GROUPS):
        return field
    if field.startswith("address."):
        return field
    row = next(row for row in corpus.definitions(resource) if row["type"] == field)
    return f"custom_fields.{row['key']}"


def _operators(group: str, nullable: bool) -> tuple[str, ...]:
    return tuple(word for word in OPERATORS[group] if word != "is_null" or nullable)


def _values(records: list[Body], field: str, group: str) -> list[Any]:
    """Some that are there, each once, and one that is not."""
    own = [value_of(record, field) for record in records]
    own = [part for each in own if isinstance(each, list) for part in each] if group == "set" else own
    there = sorted({each for each in own if each is not None}, key=str)
    return there[:4]


def _tests(operator: str, group: str, values: list[Any]) -> list[Any]:
    """Values to give an operator."""
    last = values[-1]
    match operator:
        case "eq" | "neq":
            return values
        case "in" | "not_in" | "has_any" | "has_all" | "has_none":
            return [values[:1], values[:2], values]
        case "gt" | "gte" | "lt" | "lte":
            return [values[0], values[len(values) // 2], last]
        case "between":
            low, high = sorted(values[:2], key=lambda each: float(each) if group == "num" else each)
            return [[low, high], [low, low]]
        case "contains":
            return [values[0][:3], last[-3:].upper(), last[1:2].lower(), "%", "_", "no such"]
        case "starts_with":
            return [values[0][:2].upper(), last[:4].lower(), "%", "no such"]
    return [True, False]


def _beside(field: str) -> list[Body]:
    return [{"field": "currency", "operator": "eq", "value": "GBP"}] if field == "amount" else []


@every
def test_an_operator_finds_what_it_means(
    api: httpx.Client, corpus: Corpus, resource: str, field: str, group: str, nullable: bool
) -> None:
    records, field = corpus.of(resource), _name(corpus, resource, field)
    groups = {field: group, "currency": "enum"}
    beside = _beside(field)
    seen = [record for record in records if all(holds(record, each, groups) for each in beside)]
    values = _values(seen, field, group)
    for operator in _operators(group, nullable):
        for number, value in enumerate(_tests(operator, group, values)):
            condition = {"field": field, "operator": operator, "value": value}
            ids = found(api, resource, filters=[corpus.only(resource), *beside, condition])
            assert set(ids) == {record["id"] for record in seen if holds(record, condition, groups)}, condition
            if number == 0:
                negated = {"not": {"all": [*beside, condition]}} if beside else {"not": condition}
                ids = found(api, resource, filters=[corpus.only(resource), negated])
                assert set(ids) == {record["id"] for record in records if holds(record, negated, groups)}, negated


@every
def test_a_wrong_operator_is_told_the_right_ones(
    stack: Stack, api: httpx.Client, corpus: Corpus, resource: str, field: str, group: str, nullable: bool
) -> None:
    field, right = _name(corpus, resource, field), _operators(group, nullable)
    wrong = [word for word in {each: None for group in OPERATORS.values() for each in group} if word not in right]
    filters = [{"field": field, "operator": word, "value": True} for word in (*wrong, "nothing", "EQ")]
    answer = api.post(f"/v1/{resource}/search", json={"filters": [*_beside(field), *filters]})
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    first = len(_beside(field))
    assert items(problem) == [(f"/filters/{first + n}/operator", "invalid-operator") for n in range(len(filters))]
    assert all(error["allowed"] == list(right) for error in problem["errors"])


@every
def test_a_bad_value_is_told_at_its_condition(
    stack: Stack, api: httpx.Client, corpus: Corpus, resource: str, field: str, group: str, nullable: bool
) -> None:
    field = _name(corpus, resource, field)
    filters: list[Body] = []
    codes: list[str] = []
    for operator in _operators(group, nullable):
        for value, code in _wrong(operator):
            filters.append({"field": field, "operator": operator, "value": value})
            codes.append(code)
    answer = api.post(f"/v1/{resource}/search", json={"filters": [*_beside(field), *filters]})
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    first = len(_beside(field))
    assert items(problem) == [(f"/filters/{first + n}/value", code) for n, code in enumerate(codes)]


def _wrong(operator: str) -> list[tuple[Any, str]]:
    match operator:
        case "in" | "not_in" | "has_any" | "has_all" | "has_none":
            return [
                (None, "not-nullable"),
                ("x", "invalid-type"),
                ([], "too-few-items"),
                ([None], "not-nullable"),
                (["x"] * 201, "too-many-items"),
            ]
        case "between":
            return [(None, "not-nullable"), ("x", "invalid-type"), ([None, None], "not-nullable")]
        case "contains" | "starts_with":
            return [(None, "not-nullable"), (5, "invalid-type"), ("", "too-short"), ("x" * 256, "too-long")]
        case "is_null" | "is_empty":
            return [(None, "not-nullable"), ("true", "invalid-type"), (0, "invalid-type")]
    return [(None, "not-nullable"), ({}, "invalid-type"), ([], "invalid-type")]


PLAIN = [(resource, row.name) for resource in SIX for row in MEMBERS[resource] if row.group and row.kind != "address"]


@pytest.mark.parametrize(("resource", "name"), PLAIN, ids=[f"{resource}.{name}" for resource, name in PLAIN])
def test_values_are_judged_like_a_write_s(stack: Stack, api: httpx.Client, resource: str, name: str) -> None:
    row = member(resource, name)
    operators = {"text": (), "set": ("has_any",)}.get(str(row.group), ("eq",))
    futures = ("2099-01-01", "2099-01-01T00:00:00Z")
    whole_sets = [("x", "", "invalid-type")] if row.group == "set" else bad_values(row)
    cases = [
        (value, code)
        for value, below, code in whole_sets
        if code != "reference-not-found" and not (isinstance(value, str) and value in futures) and not below
    ]
    filters = [{"field": name, "operator": operator, "value": value} for operator in operators for value, _ in cases][
        :40
    ]
    if not filters:
        return
    answer = api.post(f"/v1/{resource}/search", json={"filters": [*_beside(name), *filters]})
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    first = len(_beside(name))
    told = [(f"/filters/{first + n}/value", code) for n, (_, code) in enumerate(cases[:40])]
    assert items(problem) == told


def test_values_are_normalised_like_a_write_s(api: httpx.Client, world: World, corpus: Corpus) -> None:
    contact = next(record for record in corpus.of("contacts") if record["email"] and record["phone"])
    for field, value in (
        ("email", f" {contact['email'].upper()} "),
        ("phone", f"{contact['phone'][:3]} ({contact['phone'][3:6]}) {contact['phone'][6:]}"),
        ("last_name", f"  {contact['last_name']} "),
    ):
        condition = {"field": field, "operator": "eq", "value": value}
        if contact[field] is not None:
            assert contact["id"] in found(api, "contacts", filters=[corpus.only("contacts"), condition]), field
    deal = next(record for record in corpus.of("deals") if record["currency"] == "GBP")
    filters = [
        {"field": "currency", "operator": "eq", "value": " gbp "},
        {"field": "amount", "operator": "eq", "value": float(deal["amount"])},
    ]
    assert deal["id"] in found(api, "deals", filters=[corpus.only("deals"), *filters])


@six
def test_an_id_of_nobody_matches_nothing(api: httpx.Client, corpus: Corpus, their_world: World, resource: str) -> None:
    for row in MEMBERS[resource]:
        if row.kind not in ("id", "ids"):
            continue
        target = {
            "con": "contacts",
            "cmp": "companies",
            "deal": "deals",
            "pipe": "pipelines",
            "stage": "stages",
            "usr": "users",
            "task": "tasks",
            "note": "notes",
            "act": "activities",
        }[row.type[3:-1].strip("(").split(",")[0]]
        for record_id in (nobodys(target), their_world.id_of(target)):
            operator, value = ("has_any", [record_id]) if row.kind == "ids" else ("eq", record_id)
            condition = {"field": row.name, "operator": operator, "value": value}
            assert found(api, resource, filters=[corpus.only(resource), condition]) == []
            ids = found(api, resource, filters=[corpus.only(resource), {"not": condition}])
            assert len(ids) == len(corpus.of(resource))


@six
def test_a_field_must_be_one_that_filters(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, resource: str
) -> None:
    known = [row.name for row in MEMBERS[resource] if row.group is None]
    unknown = ["nothing", "ID", "custom_fields.nothing", "address.street", "id.x", ""]
    known += ["address.line1", "address.line2"] if "address" in known else []
    older = list(FIRST_NAMES.get(resource, {}))
    for client in (api, first_api):
        other = (
            [name for names in FIRST_NAMES.get(resource, {}).values() for name in names]
            if client is first_api
            else older
        )
        names = [*known, *unknown, *other]
        filters = [{"field": name, "operator": "eq", "value": 1} for name in names]
        answer = client.post(f"/v1/{resource}/search", json={"filters": filters})
        problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
        codes = ["not-filterable"] * len(known) + ["unknown-field"] * (len(unknown) + len(other))
        assert items(problem) == [(f"/filters/{n}/field", code) for n, code in enumerate(codes)]


FIELDS = {
    "contacts": ("last_name", "lifecycle_stage", "birth_date", "do_not_contact", "company_id", "tags", "address.city"),
    "deals": ("title", "status", "expected_close_date", "contact_ids", "stage_id", "lost_reason", "closed_at"),
    "activities": ("type", "direction", "subject", "body", "duration_seconds", "outcome", "occurred_at"),
}


@pytest.mark.parametrize("resource", FIELDS)
@pytest.mark.parametrize("seed", range(12))
def test_trees_of_conditions_mean_what_they_say(api: httpx.Client, corpus: Corpus, resource: str, seed: int) -> None:
    chance = random.Random(f"{resource} {seed}")
    records = corpus.of(resource)
    groups = {name: "str" if "." in name else str(member(resource, name).group) for name in FIELDS[resource]}

    def condition() -> Body:
        name = chance.choice(FIELDS[resource])
        nullable = "." in name or member(resource, name).null == "Y"
        operator = chance.choice(_operators(groups[name], nullable))
        value = chance.choice(_tests(operator, groups[name], _values(records, name, groups[name])))
        return {"field": name, "operator": operator, "value": value}

    def node(depth: int) -> Body:
        if depth == 3 or chance.random() < 0.3:
            return condition()
        word = chance.choice(("any", "all", "not"))
        return (
            {word: node(depth + 1)} if word == "not" else {word: [node(depth + 1) for _ in range(chance.randint(1, 3))]}
        )

    for _ in range(4):
        filters = [node(0) for _ in range(chance.randint(1, 2))]
        expected = {record["id"] for record in records if all(holds(record, each, groups) for each in filters)}
        assert set(found(api, resource, filters=[corpus.only(resource), *filters])) == expected, filters


def _day(text: str | None) -> str | None:
    return text and text[:10]


def test_the_first_version_s_fields_find_the_same(api: httpx.Client, first_api: httpx.Client, corpus: Corpus) -> None:
    notes = corpus.only("notes")
    for operator, value in (("contains", "É"), ("contains", "BUDGET")):
        newer = found(api, "notes", filters=[notes, {"field": "body", "operator": operator, "value": value}])
        older = found(first_api, "notes", filters=[notes, {"field": "content", "operator": operator, "value": value}])
        assert newer
        assert older == newer
    deals, pounds = corpus.only("deals"), {"operator": "eq", "value": "GBP"}
    for operator, value in (("eq", "10"), ("neq", 10), ("gt", "9.5"), ("between", ["9.5", "10"]), ("in", ["100"])):
        test = {"operator": operator, "value": value}
        newer = found(api, "deals", filters=[deals, {"field": "currency"} | pounds, {"field": "amount"} | test])
        filters = [deals, {"field": "value.currency"} | pounds, {"field": "value.amount"} | test]
        older = found(first_api, "deals", filters=filters)
        assert newer
        assert older == newer


DAYS = ("2025-03-04", "2025-06-25", "2020-01-01", "2025-03-05")


@pytest.mark.parametrize("operator", ["eq", "neq", "gt", "gte", "lt", "lte", "between", "is_null"])
def test_a_due_day_stands_for_its_span(first_api: httpx.Client, corpus: Corpus, operator: str) -> None:
    """By the model over days, which is what the first version shows."""
    records = [record | {"due_date": _day(record["due_at"])} for record in corpus.of("tasks")]
    values: list[Any] = list(DAYS)
    if operator == "between":
        values = [[low, high] for low in DAYS for high in DAYS if low <= high]
    if operator == "is_null":
        values = [True, False]
    for value in values:
        condition = {"field": "due_date", "operator": operator, "value": value}
        for each in (condition, {"not": condition}, {"any": [condition]}):
            expected = {record["id"] for record in records if holds(record, each, {"due_date": "time"})}
            assert set(found(first_api, "tasks", filters=[corpus.only("tasks"), each])) == expected, each
