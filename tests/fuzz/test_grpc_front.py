"""Conversations at random and those that a fuzzer found worth keeping, cut anywhere: the lean front stands them all."""

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.grpcserver.events import CallCancelled, CallReceived, ConnectionEnded
from tests.fuzz.corpus import known
from tests.fuzz.front import built, judge, plain
from tests.unit.grpcserver.peer import HELLO, call, head

KEPT = known(Path(__file__).with_name("grpc_front.corpus"))
AS_BYTES = [data for data in KEPT if data[:1] < b"\x80"]


def conversation(seed: int) -> bytes:
    chance = random.Random(seed)
    return built(chance.randrange, lambda size: chance.randbytes(chance.randrange(size)))


def test_those_that_were_kept_end_as_they_must():
    assert len(AS_BYTES) > 20
    for data in AS_BYTES:
        judge(*plain(data))


@settings(max_examples=600, deadline=None)
@given(seed=st.integers(0, 2**64), step=st.integers(1, 40))
def test_conversations_at_random_end_alike_however_their_bytes_are_cut(seed, step):
    judge(conversation(seed), step)


@settings(max_examples=300, deadline=None)
@given(said=st.binary(max_size=200), after=st.sampled_from([b"", HELLO, HELLO + call(1), HELLO + head(1)]))
def test_bytes_at_random_harm_nothing(said, after):
    judge(after + said, 7)


def test_among_conversations_at_random_is_everything_that_a_connection_can_tell():
    kinds, codes = set(), set()
    for seed in range(1500):
        for event in judge(conversation(seed), 1 + seed % 9):
            kinds.add(type(event))
            codes |= {event.code} if isinstance(event, ConnectionEnded) else set()
    assert kinds == {CallReceived, CallCancelled, ConnectionEnded}
    assert codes >= {1, 3, 5, 6, 9}
