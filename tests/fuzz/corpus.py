"""The inputs of a fuzzer that are worth keeping: a file of them, a line each, shortest first."""

import base64
from pathlib import Path


def known(corpus: Path) -> list[bytes]:
    """Those that are kept."""
    return [base64.b64decode(line) for line in corpus.read_text().split()] if corpus.exists() else []


def keep(corpus: Path, folder: Path) -> None:
    """The folder's files join them."""
    found = (path.read_bytes() for path in folder.iterdir())
    inputs = sorted({*known(corpus), *found}, key=lambda data: (len(data), data))
    corpus.write_text("".join(f"{base64.b64encode(data).decode()}\n" for data in inputs))
