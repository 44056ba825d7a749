"""Fuzzes the reading of an internal service's answer by coverage: `python -m tests.fuzz.http_answer -runs=1000000`.

Other options are libFuzzer's. What a run has learnt is kept in a folder when one is named as the last argument;
`--keep FOLDER` adds that folder's files to the corpus.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["infra.httpclient"]):
    from tests.fuzz.answers import judge
from tests.fuzz.corpus import main
from tests.unit.httpclient.test_reading import ANSWERS

CORPUS = Path(__file__).with_name("http_answer.corpus")


if __name__ == "__main__":
    main(sys.argv[1:], CORPUS, judge, seeds=[b"\x03" + answer for answer in ANSWERS])
