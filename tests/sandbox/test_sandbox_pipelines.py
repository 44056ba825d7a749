"""Pipelines and stages: positions, the default, what is in use, and what bumps with what."""

import itertools
from typing import Any

import pytest

from tests.sandbox.conftest import Place
from tests.sandbox.crm import NOWHERE, Crm, fresh, said

Record = dict[str, Any]


async def pipeline(crm: Crm, *names: str, **fields: object) -> Record:
    body = {"name": fresh("Pipeline"), "stages": [{"name": name} for name in names or ("a", "b", "c")], **fields}
    made: Record = await crm.ok("POST", "pipelines", body)
    return made


async def stages(crm: Crm, made: Record) -> list[Record]:
    return list((await crm.ok("GET", f"pipelines/{made['id']}"))["stages"])


async def order(crm: Crm, made: Record) -> str:
    found = await stages(crm, made)
    assert [stage["sort_index"] for stage in found] == list(range(1, len(found) + 1))
    return "".join(stage["name"] for stage in found)


def at(made: Record) -> str:
    return f"pipelines/{made['id']}/stages"


async def test_a_pipeline_comes_with_its_stages_in_order(crm: Crm) -> None:
    body = {"name": fresh("Partners"), "stages": [{"name": "Intro"}, {"name": "Signed", "win_percent": 90}]}
    made = await crm.ok("POST", "pipelines", body)
    stamps = {name: made[name] for name in ("created_at", "updated_at", "revision", "is_deleted")}
    assert made == {"id": made["id"], "name": body["name"], "is_default": 0, "stages": made["stages"], **stamps}
    common = {"pipeline_id": made["id"], **stamps}
    assert [{**stage, "id": 0} for stage in made["stages"]] == [
        {"id": 0, "name": "Intro", "sort_index": 1, "win_percent": 0, **common},
        {"id": 0, "name": "Signed", "sort_index": 2, "win_percent": 90, **common},
    ]
    assert await crm.ok("GET", f"pipelines/{made['id']}") == made
    listed = await crm.ok("GET", "pipelines?limit=200&offset=0&with_deleted=0")
    assert listed[-1] == made
    assert await crm.ok("GET", f"{at(made)}?limit=200&offset=0") == made["stages"]
    assert await crm.ok("GET", f"{at(made)}/{made['stages'][0]['id']}") == made["stages"][0]


async def test_a_dry_run_of_a_pipeline_numbers_nothing(crm: Crm) -> None:
    made = await crm.ok("POST", "dry_run/pipelines", {"name": fresh("Dry"), "stages": [{"name": "a"}]})
    assert (made["id"], made["stages"][0]["id"], made["stages"][0]["pipeline_id"]) == (0, 0, 0)


BAD: dict[str, tuple[Record, tuple[str, str, str]]] = {
    "no name": ({"stages": [{"name": "a"}]}, ("E_VALIDATION", "name", "REQUIRED")),
    "no stages": ({"name": "n"}, ("E_VALIDATION", "stages", "REQUIRED")),
    "an empty list of stages": ({"name": "n", "stages": []}, ("E_VALIDATION", "stages", "COUNT_MIN")),
    "51 stages": (
        {"name": "n", "stages": [{"name": f"s{n}"} for n in range(51)]},
        ("E_VALIDATION", "stages", "COUNT_MAX"),
    ),
    "a stage without a name": ({"name": "n", "stages": [{}]}, ("E_VALIDATION", "stages.0.name", "REQUIRED")),
    "two stages of a name": (
        {"name": "n", "stages": [{"name": "a"}, {"name": "A"}]},
        ("E_VALIDATION", "stages.1.name", "DUP_ITEM"),
    ),
    "a chance of 101": (
        {"name": "n", "stages": [{"name": "a", "win_percent": 101}]},
        ("E_VALIDATION", "stages.0.win_percent", "RANGE"),
    ),
}


@pytest.mark.parametrize(("body", "answer"), BAD.values(), ids=BAD.keys())
async def test_a_pipeline_is_refused_with(crm: Crm, body: Record, answer: tuple[str, str, str]) -> None:
    assert said(await crm.no("POST", "pipelines", body)) == answer


async def test_the_default_mark_moves_and_never_goes(crm: Crm) -> None:
    former = next(p for p in await crm.ok("GET", "pipelines") if p["is_default"])
    made = await pipeline(crm, is_default=1)
    after = await crm.ok("GET", f"pipelines/{former['id']}")
    assert (after["is_default"], after["revision"]) == (0, former["revision"] + 1)
    assert after["updated_at"] == made["updated_at"]
    refusal = await crm.no("PUT", f"pipelines/{made['id']}", {"set": {"is_default": 0}})
    assert said(refusal) == ("E_DEFAULT_PIPELINE", "is_default", None)
    assert said(await crm.no("DELETE", f"pipelines/{made['id']}")) == ("E_DEFAULT_PIPELINE", None, None)
    back = await crm.ok("PUT", f"pipelines/{former['id']}", {"set": {"is_default": 1}})
    assert (back["is_default"], back["stages"]) == (1, former["stages"])
    assert (await crm.ok("GET", f"pipelines/{made['id']}"))["revision"] == 2
    assert sum(p["is_default"] for p in await crm.ok("GET", "pipelines")) == 1


async def test_names_are_one_pipelines_and_one_stages_of_it_in_any_case(crm: Crm) -> None:
    one, two = await pipeline(crm, "a", "b"), await pipeline(crm, "a")
    refusal = await crm.no("POST", "pipelines", {"name": one["name"].upper(), "stages": [{"name": "a"}]})
    assert (*said(refusal), refusal["existing_id"]) == ("E_DUP_NAME", "name", None, one["id"])
    assert said(await crm.no("PUT", f"pipelines/{two['id']}", {"set": {"name": one["name"]}}))[0] == "E_DUP_NAME"
    assert (await crm.ok("PUT", f"pipelines/{one['id']}", {"set": {"name": one["name"].upper()}}))["revision"] == 2
    first = one["stages"][0]
    refusal = await crm.no("POST", at(one), {"name": "A"})
    assert (*said(refusal), refusal["existing_id"]) == ("E_DUP_NAME", "name", None, first["id"])
    await crm.ok("DELETE", f"{at(one)}/{first['id']}")
    await crm.ok("POST", at(one), {"name": "A"})
    assert said(await crm.no("POST", f"{at(one)}/{first['id']}/undelete"))[0] == "E_DUP_NAME"


@pytest.mark.parametrize(("index", "expected"), [(None, "abcx"), (1, "xabc"), (2, "axbc"), (4, "abcx"), (50, "abcx")])
async def test_a_new_stage_is_inserted(crm: Crm, index: int | None, expected: str) -> None:
    made = await pipeline(crm)
    body = {"name": "x"} if index is None else {"name": "x", "sort_index": index}
    stage = await crm.ok("POST", at(made), body)
    assert stage["sort_index"] == expected.index("x") + 1
    assert await order(crm, made) == expected


async def test_a_stage_is_moved_and_the_rest_shifts(crm: Crm) -> None:
    made = await pipeline(crm, *"abcd")
    model = list("abcd")
    for name, index in itertools.product("abcd", (1, 4, 2, 9, 3)):
        before = await crm.ok("GET", f"pipelines/{made['id']}")
        stage = next(stage for stage in before["stages"] if stage["name"] == name)
        answer = await crm.ok("PUT", f"{at(made)}/{stage['id']}", {"set": {"sort_index": index}})
        model.remove(name)
        model.insert(index - 1, name)
        assert await order(crm, made) == "".join(model)
        after = await crm.ok("GET", f"pipelines/{made['id']}")
        old = {stage["id"]: stage for stage in before["stages"]}
        moved = [s for s in after["stages"] if s["sort_index"] != old[s["id"]]["sort_index"]]
        assert [s for s in after["stages"] if s not in moved] == [
            old[s["id"]] for s in after["stages"] if s not in moved
        ]
        for bumped, former in [(s, old[s["id"]]) for s in moved] + ([(after, before)] if moved else []):
            assert (bumped["revision"], bumped["updated_at"]) == (former["revision"] + 1, answer["updated_at"])
        if not moved:
            assert after == before


async def test_a_stage_goes_and_comes_back_as_the_last(crm: Crm) -> None:
    made = await pipeline(crm)
    first = made["stages"][0]
    path = f"{at(made)}/{first['id']}"
    gone = await crm.ok("DELETE", f"{path}?expected_revision=1")
    assert (gone["is_deleted"], gone["sort_index"]) == (1, 1)
    assert await order(crm, made) == "bc"
    assert said(await crm.no("PUT", path, {"set": {"name": "z"}}))[0] == "E_DELETED"
    assert [s["id"] for s in await crm.ok("GET", f"{at(made)}?with_deleted=2")] == [first["id"]]
    assert len(await crm.ok("GET", f"{at(made)}?with_deleted=1")) == 3
    assert (await crm.ok("POST", f"{path}/undelete"))["sort_index"] == 3
    assert await order(crm, made) == "bca"
    assert (await crm.ok("GET", f"pipelines/{made['id']}"))["revision"] == 3


async def test_the_last_stage_stays(crm: Crm) -> None:
    made = await pipeline(crm, "a")
    await crm.deal(stage_id=made["stages"][0]["id"])
    assert said(await crm.no("DELETE", f"{at(made)}/{made['stages'][0]['id']}")) == ("E_LAST_STAGE", None, None)


@pytest.mark.parametrize("status", [1, 2, 3])
async def test_what_live_deals_are_in_stays(crm: Crm, status: int) -> None:
    made = await pipeline(crm)
    stage = made["stages"][1]
    deal = await crm.deal(stage_id=stage["id"], status_code=status)
    path = f"{at(made)}/{stage['id']}"
    assert said(await crm.no("DELETE", path)) == ("E_STAGE_IN_USE", None, None)
    assert said(await crm.no("DELETE", f"pipelines/{made['id']}")) == ("E_PIPELINE_IN_USE", None, None)
    await crm.ok("DELETE", f"deals/{deal['id']}")
    await crm.ok("DELETE", path)
    refusal = await crm.no("POST", f"deals/{deal['id']}/undelete")
    assert said(refusal) == ("E_UNDELETE_BLOCKED", None, None)
    assert said(await crm.no("POST", "deals", {"title": "T", "stage_id": stage["id"]}))[0] == "E_BAD_REF"
    await crm.ok("POST", f"{path}/undelete")
    assert (await crm.ok("POST", f"deals/{deal['id']}/undelete"))["is_deleted"] == 0


async def test_a_pipeline_goes_and_returns_with_the_stages_that_it_had(crm: Crm) -> None:
    made = await pipeline(crm, *"abc")
    gone_before = made["stages"][1]
    await crm.ok("DELETE", f"{at(made)}/{gone_before['id']}")
    path = f"pipelines/{made['id']}"
    gone = await crm.ok("DELETE", path)
    assert (gone["is_deleted"], gone["stages"]) == (1, [])
    for method, rest, body in (("GET", "", None), ("POST", "", {"name": "x"}),
                               ("GET", f"/{gone_before['id']}", None),
                               ("PUT", f"/{gone_before['id']}", {"set": {}}),
                               ("DELETE", f"/{gone_before['id']}", None),
                               ("POST", f"/{gone_before['id']}/undelete", None)):  # fmt: skip
        assert said(await crm.no(method, at(made) + rest, body))[0] == "E_NOT_FOUND"
    first = {"title": "T", "stage_id": made["stages"][0]["id"]}
    assert said(await crm.no("POST", "deals", first)) == ("E_BAD_REF", "stage_id", None)
    assert made["id"] not in [p["id"] for p in await crm.ok("GET", "pipelines")]
    assert made["id"] in [p["id"] for p in await crm.ok("GET", "pipelines?with_deleted=2")]
    back = await crm.ok("POST", f"{path}/undelete")
    assert [stage["name"] for stage in back["stages"]] == ["a", "c"]
    assert await order(crm, made) == "ac"
    assert (await crm.ok("POST", "deals", first))["pipeline_id"] == made["id"]


async def test_a_stage_is_found_under_its_own_pipeline_only(crm: Crm) -> None:
    one, two = await pipeline(crm), await pipeline(crm)
    path = f"{at(two)}/{one['stages'][0]['id']}"
    for method, body in (("GET", None), ("PUT", {"set": {"name": "x"}}), ("DELETE", None)):
        assert said(await crm.no(method, path, body))[0] == "E_NOT_FOUND"
    assert said(await crm.no("GET", f"pipelines/{NOWHERE}/stages"))[0] == "E_NOT_FOUND"
    theirs = crm.but(business=2, user=23)
    assert said(await theirs.no("GET", f"{at(one)}"))[0] == "E_NOT_FOUND"


async def test_fifty_live_ones_are_the_limit(file_place: Place) -> None:
    async with file_place.run(), file_place.session() as session:
        crm = Crm(session)
        made = await pipeline(crm, *(f"s{n}" for n in range(50)))
        assert said(await crm.no("POST", at(made), {"name": "x"})) == ("E_LIMIT", None, None)
        last = made["stages"][-1]["id"]
        await crm.ok("DELETE", f"{at(made)}/{last}")
        await crm.ok("POST", at(made), {"name": "x"})
        assert said(await crm.no("POST", f"{at(made)}/{last}/undelete")) == ("E_LIMIT", None, None)
        while len(await crm.ok("GET", "pipelines")) < 50:
            newest = await pipeline(crm, "a")
        body = {"name": "one more", "stages": [{"name": "a"}]}
        assert said(await crm.no("POST", "pipelines", body)) == ("E_LIMIT", None, None)
        await crm.ok("DELETE", f"pipelines/{newest['id']}")
        await crm.ok("POST", "pipelines", body)
        assert said(await crm.no("POST", f"pipelines/{newest['id']}/undelete")) == ("E_LIMIT", None, None)


async def test_a_pipeline_and_a_stage_are_made_once_for_their_key(crm: Crm) -> None:
    body = {"name": fresh("Keyed"), "stages": [{"name": "a"}], "dedupe_key": fresh("key")}
    first = await crm.say("POST", "pipelines", body)
    assert await crm.say("POST", "pipelines", body) == {**first, "deduped": True}
    stage = {"name": "x", "dedupe_key": fresh("key")}
    made = await crm.say("POST", at(first["result"]), stage)
    assert await crm.say("POST", at(first["result"]), stage) == {**made, "deduped": True}
    assert said(await crm.no("POST", at(await pipeline(crm)), stage))[0] == "E_DEDUPE_MISMATCH"
