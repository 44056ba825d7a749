"""Fuzzes the lean front by coverage: `python -m tests.fuzz.grpc_front -runs=1000000`, options of libFuzzer.

The first byte says what the rest is: below 128 the bytes that a peer sends, below 64 after a greeting, else choices by
which a conversation is built. The kept inputs are `grpc_front.corpus`; `--keep FOLDER` adds that folder's files.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["infra.grpcserver"]):
    from tests.fuzz.front import built, judge, plain

from tests.fuzz.corpus import main

CORPUS = Path(__file__).with_name("grpc_front.corpus")


def one(data: bytes) -> None:
    """Judge one input."""
    choices = atheris.FuzzedDataProvider(data[1:])
    if data[:1] >= b"\x80":
        judge(built(lambda below: int(choices.ConsumeIntInRange(0, below - 1)), choices.ConsumeBytes), 1 + data[0] % 64)
    else:
        judge(*plain(data))


if __name__ == "__main__":
    main(sys.argv[1:], CORPUS, one)
