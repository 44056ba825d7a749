"""Questions at random and the ones that a fuzzer found worth keeping: each is answered as it must be."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz import check_response
from authz.ext_authz_pb2 import CheckResponse
from contract.problems import INTERNAL_ERROR
from tests.fuzz.checks import House, built
from tests.fuzz.corpus import known
from tests.unit.authz.asking import CLAIMS, a_check

KEPT = known(Path(__file__).with_name("check_request.corpus"))
AS_BYTES = [data[1:] for data in KEPT if data[:1] < b"\x80"]
LETTERS = "\0\n a{é\U0010ffff"


@pytest.fixture
def house():
    house = House()
    yield house
    house.close()


def test_those_that_were_kept_are_answered_as_they_must_be(house):
    assert len(AS_BYTES) > 3
    passed = [house.judge(message) for message in AS_BYTES]
    assert any(passed)
    assert not all(passed)


@settings(max_examples=1000, deadline=None)
@given(seed=st.integers(0, 2**64))
def test_questions_at_random_are_answered_as_they_must_be(seed):
    chance = random.Random(seed)
    house = House()
    house.judge(built(chance.randrange, lambda: "".join(chance.choices(LETTERS, k=chance.randrange(6)))))
    house.close()


def test_among_questions_at_random_are_some_that_pass_and_some_of_every_refusal(house):
    chance = random.Random(1)
    answers = set()
    for _ in range(3000):
        message = built(chance.randrange, lambda: "x" * chance.randrange(3))
        answers.add(house.judge(message) or house.rule)
    assert answers >= {
        True,
        "internal-error",
        "invalid-token",
        "insufficient-scope",
        "insufficient-permission",
        "route-not-found",
        "method-not-allowed",
    }


DENIED = a_check("contacts.create", payload=CLAIMS | {"role": "viewer"})


def telling(text):
    answer = CheckResponse.FromString(check_response.internal_error_response("t", "https://api.example"))
    answer.denied_response.body = answer.denied_response.body.replace(INTERNAL_ERROR.detail, text)
    return answer.SerializeToString()


WRONG_ANSWERS = {
    "lets it through": check_response.ready_response(),
    "is empty, which Envoy takes for an allow": b"",
    "tells an exception's text": telling("KeyError: 'a secret'"),
}


@pytest.mark.parametrize("wrong", WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_the_judge_sees_an_answer_that(house, wrong):
    async def check(_):
        return wrong

    house.asks(check)
    with pytest.raises(AssertionError):
        house.judge(DENIED)
