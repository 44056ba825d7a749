"""Fuzzes the handler of Checks by coverage: `python -m tests.fuzz.check_request -runs=1000000`, options of libFuzzer.

Half of the inputs are taken as the bytes of a question, half as choices by which one is built. What a run has learnt is
kept in a folder when one is named as the last argument; `--keep FOLDER` adds that folder's files to the corpus.
"""

import sys
from functools import partial
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["authz", "contract"]):
    from tests.fuzz.checks import House, built

from tests.fuzz.corpus import main

CORPUS = Path(__file__).with_name("check_request.corpus")


def one(house: House, data: bytes) -> None:
    """Judge one input: its first byte says which of the two kinds it is."""
    if data[:1] < b"\x80":
        house.judge(data[1:])
        return
    choices = atheris.FuzzedDataProvider(data[1:])

    def text() -> str:
        return str(choices.ConsumeUnicodeNoSurrogates(choices.ConsumeIntInRange(0, 12)))

    house.judge(built(lambda below: int(choices.ConsumeIntInRange(0, below - 1)), text))


if __name__ == "__main__":
    main(sys.argv[1:], CORPUS, partial(one, House()))
