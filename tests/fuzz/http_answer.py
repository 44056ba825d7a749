"""Fuzzes the reading of an internal service's answer by coverage: `python -m tests.fuzz.http_answer -runs=1000000`.

Other options are libFuzzer's. What a run has learnt is kept in a folder when one is named as the last argument;
`--keep FOLDER` adds that folder's files to the corpus.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["httpclient"]):
    from tests.fuzz.answers import judge
from tests.fuzz.corpus import keep, known
from tests.unit.httpclient.test_reading import ANSWERS

CORPUS = Path(__file__).with_name("http_answer.corpus")


def main(arguments: list[str]) -> None:
    """Fuzz, or keep."""
    if arguments[:1] == ["--keep"]:
        return keep(CORPUS, Path(arguments[1]))
    with tempfile.TemporaryDirectory() as seeds:
        for number, data in enumerate([*known(CORPUS), *(b"\x03" + answer for answer in ANSWERS)]):
            (Path(seeds) / str(number)).write_bytes(data)
        # The first folder is where new inputs are kept; without one of the caller's they go with the seeds.
        atheris.Setup([sys.argv[0], *arguments, seeds], judge)
        atheris.Fuzz()
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
