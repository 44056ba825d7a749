"""Running a fuzzer from the inputs that are kept beside it, and keeping more. Knows nothing of what is fuzzed."""

import base64
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path


def known(corpus: Path) -> list[bytes]:
    """The inputs that are kept, shortest first."""
    return [base64.b64decode(line) for line in corpus.read_text().split()] if corpus.exists() else []


def keep(corpus: Path, folder: Path) -> None:
    """The folder's files join the corpus."""
    found = (path.read_bytes() for path in folder.iterdir())
    inputs = sorted({*known(corpus), *found}, key=lambda data: (len(data), data))
    corpus.write_text("".join(f"{base64.b64encode(data).decode()}\n" for data in inputs))


def main(arguments: list[str], corpus: Path, one: Callable[[bytes], None], *, seeds: Iterable[bytes] = ()) -> None:
    """Fuzz by `one`, from what is kept and `seeds`; or keep: `--keep FOLDER`."""
    if arguments[:1] == ["--keep"]:
        keep(corpus, Path(arguments[1]))
        return
    # Linux on x86-64 alone has a wheel of it: only who fuzzes needs it.
    import atheris

    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate([*known(corpus), *seeds]):
            (Path(folder) / str(number)).write_bytes(data)
        # The first folder is where new inputs are kept; without one of the caller's they go with the seeds.
        atheris.Setup([sys.argv[0], *arguments, folder], one)
        atheris.Fuzz()
