"""Fuzzes what our own server reads by coverage: `python -m tests.fuzz.http_request -runs=1000000`.

Other options are libFuzzer's. What a run has learnt is kept in a folder when one is named as the last argument;
`--keep FOLDER` adds that folder's files to the corpus.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["infra.httpserver"]):
    from tests.fuzz.asks import judge
from tests.fuzz.corpus import main
from tests.servers.asked import CHUNKED, DIFFERENT, GOOD, LOST, NONE

CORPUS = Path(__file__).with_name("http_request.corpus")
_SHORT = 2000
SEEDS = [
    *(asked + GOOD["a query"][0] for asked, _ in GOOD.values()),
    *NONE.values(),
    *(CHUNKED + body for body in LOST.values()),
    *(asked for asked, _, _ in DIFFERENT.values()),
]


if __name__ == "__main__":
    seeds = [how + asked for asked in SEEDS if len(asked) < _SHORT for how in (b"\x03", b"\x83")]
    main(sys.argv[1:], CORPUS, judge, seeds=seeds)
