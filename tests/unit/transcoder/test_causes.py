"""What the log says of an internal service's answer: never a value, which may be a customer's."""

import json
from typing import Literal

import msgspec
import pytest

from transcoder.backend import refusal_causes

NAME = "Adaeze Okafor"
BODIES: dict[str, tuple[bytes, str]] = {
    "a sentence": (json.dumps({"error": f"{NAME} is there already"}).encode(), "status 409: {error}"),
    "a code and a sentence": (
        json.dumps({"code": "E_TAKEN", "message": NAME}).encode(),
        "status 409: {code, message}, code E_TAKEN",
    ),
    "a sentence for a code": (json.dumps({"code": NAME}).encode(), "status 409: {code}, code <str>"),
    "a value for a name": (json.dumps({NAME: "taken"}).encode(), "status 409: {<str>}"),
    "a list": (json.dumps([NAME]).encode(), "status 409: JSON, a list"),
    "a text": (NAME.encode(), "status 409: 13 bytes that are no JSON"),
    "bytes that are no text": (b"\xff\xfe", "status 409: 2 bytes that are no JSON"),
    "nothing": (b"", "status 409: no body"),
}


@pytest.mark.parametrize(("body", "told"), BODIES.values(), ids=BODIES.keys())
def test_of_a_refusal_it_is_the_form(body: bytes, told: str) -> None:
    assert refusal_causes.describe_reply(409, body) == told


class Person(msgspec.Struct, forbid_unknown_fields=True):
    stage: Literal["Lead"] = "Lead"
    age: int = 0


@pytest.mark.parametrize("body", [{"stage": NAME}, {"stage": "Ada - at `$.x`"}, {NAME: 1}, {"age": NAME}])
def test_of_an_answer_that_cannot_be_read_it_is_the_fault_and_its_place(body: object) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.json.decode(json.dumps([body]), type=list[Person])
    told = refusal_causes.describe_decode_error(raised.value)
    assert not any(part in told for part in ("Ada", "Okafor"))
    assert told.endswith(("- at `$[0].stage`", "- at `$[0].age`", "- at `$[0]`"))
