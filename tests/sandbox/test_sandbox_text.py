"""Text search: every word that is asked for begins a word of a searchable field."""

from typing import Any

import pytest

from sandbox.text_search import plain, words_of
from tests.sandbox.crm import Crm, fresh

WORDS = {
    "case": ("Ada OKAFOR", ["ada", "okafor"]),
    "accents": ("Chloé Ångström Österberg", ["angstrom", "chloe", "osterberg"]),
    "accents apart": ("Chloe\u0301", ["chloe"]),
    "a sharp s": ("Straße", ["strasse"]),
    "an address": ("ada.okafor@northwind.example", ["ada", "example", "northwind", "okafor"]),
    "numbers": ("+44 20-7946", ["20", "44", "7946"]),
    "low lines": ("a_b", ["a", "b"]),
    "twice": ("Ada ada ADA", ["ada"]),
    "other letters": ("Ёлка 東京 हिन्दी", words_of(["елка", "東京", "हिन्दी"])),
    "no word at all": (" .,-_ ", []),
}


@pytest.mark.parametrize(("text", "words"), WORDS.values(), ids=WORDS.keys())
def test_words_are_runs_of_letters_and_digits_without_case_and_accents(text: str, words: list[str]) -> None:
    assert words_of([text]) == words
    assert words_of([plain(text)]) == words


@pytest.fixture(scope="module")
def tag() -> str:
    return fresh("textual").replace("-", "x")


async def found(crm: Crm, text: str, tag: str, path: str = "contacts") -> list[int]:
    return await crm.ids(None, path, text=f"{tag} {text}")


async def test_every_word_is_looked_for_in_every_searchable_field(crm: Crm, tag: str) -> None:
    one = await crm.contact(
        first_name="Chloé",
        last_name=f"Ångström-{tag}",
        email=f"{fresh('c')}@northwind.example",
        phone="+442079460958",
        job_title="Head of Operations",
    )
    two = await crm.contact(first_name="Ada", last_name=tag, source="chloe")
    for text, expected in {
        "": [one, two],
        "chlo": [one],
        "CHLOÉ": [one],
        "angstrom northw": [one],
        "oper 4420": [one],
        "ada": [two],
        "ada chloe": [],
        "peration": [],
        "100%": [],
    }.items():
        assert await found(crm, text, tag) == [contact["id"] for contact in expected], text


async def test_what_is_written_is_found_and_what_was_is_not(crm: Crm) -> None:
    word, other = fresh("before").replace("-", "x"), fresh("after").replace("-", "x")
    contact = await crm.contact(last_name=word, job_title=f"{word} keeper")
    assert await crm.ids(None, text=word) == [contact["id"]]
    await crm.ok("PUT", f"contacts/{contact['id']}", {"set": {"last_name": other}})
    assert await crm.ids(None, text=f"{word} {other}") == [contact["id"]]
    await crm.ok("PUT", f"contacts/{contact['id']}", {"unset": ["job_title"]})
    assert await crm.ids(None, text=word) == []
    await crm.ok("DELETE", f"contacts/{contact['id']}")
    assert await crm.ids(None, text=other) == []
    assert await crm.ids(None, text=other, with_deleted=1) == [contact["id"]]


SEARCHED: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "companies": ("name", {"phone": "+442079460000"}, {"industry": "x", "description": "x"}),
    "deals": ("title", {}, {"status_code": 3, "lost_reason": "x"}),
    "tasks": ("title", {"description": "x"}, {}),
    "notes": ("body", {}, {}),
    "activity_log": ("subject", {"body": "x"}, {"activity_type": "call"}),
}


@pytest.mark.parametrize(("path", "row"), SEARCHED.items(), ids=SEARCHED.keys())
async def test_other_records_are_found_by_their_words(
    crm: Crm, tag: str, path: str, row: tuple[str, dict[str, Any], dict[str, Any]]
) -> None:
    name, searched, other = row
    link = {"contact_id": (await crm.contact())["id"]} if path in ("notes", "activity_log") else {}
    secret = fresh("secret").replace("-", "x")
    hidden = {key: secret if value == "x" else value for key, value in other.items()}
    shown = {key: f"{tag} shown" if value == "x" else value for key, value in searched.items()}
    made = await crm.ok("POST", path, {name: f"{tag} named", **link, **hidden, **shown})
    assert await found(crm, "nam", tag, path) == [made["id"]]
    for value in shown.values():
        assert await found(crm, str(value).removeprefix("+"), tag, path) == [made["id"]]
    assert await found(crm, secret, tag, path) == []


async def test_text_goes_with_conditions_orders_pages_and_totals(crm: Crm) -> None:
    word = fresh("paged").replace("-", "x")
    made = [(await crm.contact(first_name=word, last_name=name, dnd=n % 2))["id"] for n, name in enumerate("cabd")]
    body: dict[str, Any] = {"text": word, "sort": ["last_name"], "limit": 2, "with_total": 1}
    first = await crm.say("POST", "contacts/query", body)
    assert ([record["id"] for record in first["result"]], first["paging"]["total"]) == ([made[1], made[2]], 4)
    body["after_key"] = first["paging"]["next_key"]
    assert [r["id"] for r in await crm.ok("POST", "contacts/query", body)] == [made[0], made[3]]
    assert await crm.ids(["dnd", "=", 1], text=word) == [made[1], made[3]]


async def test_text_without_a_word_asks_for_nothing(crm: Crm) -> None:
    assert await crm.ids(None, text=" -- ") == await crm.ids(None)
    assert (await crm.raw("POST", "contacts/query", {"text": 7}))[0] == 400
