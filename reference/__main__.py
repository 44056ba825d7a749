"""`python -m reference` writes docs/reference/; `--check` tells whether it is current."""

import argparse
import sys
from pathlib import Path

from contract.documents import OPENAPI_DIALECTS, openapi_file
from contract.versions import VERSIONS
from reference.collection import collection, collection_file
from reference.document import text
from reference.pages import PAGES
from reference.settings import settings

FOLDER = Path("docs/reference")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m reference", description=f"Without an option: write {FOLDER}/.")
    parser.add_argument("--check", action="store_true", help=f"exit 1 when {FOLDER}/ is not current")
    if parser.parse_args().check:
        _check()
    else:
        _write()


def _wanted() -> dict[Path, str]:
    documents = {
        openapi_file(version, dialect): text(version, dialect) for version in VERSIONS for dialect in OPENAPI_DIALECTS
    }
    collections = {collection_file(version): collection(version) for version in VERSIONS}
    pages = {name: made() for name, made in PAGES.items()} | {"settings.md": settings()}
    return {FOLDER / name: content for name, content in (documents | collections | pages).items()}


def _orphans() -> list[Path]:
    return sorted(set(FOLDER.glob("*")) - _wanted().keys())


def _write() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, content in _wanted().items():
        path.write_text(content, encoding="utf-8")
    for orphan in _orphans():
        orphan.unlink()


def _check() -> None:
    stale = [path for path, content in _wanted().items() if not path.exists() or path.read_text("utf-8") != content]
    for path in stale:
        print(f"{path} is not what `python -m reference` writes", file=sys.stderr)
    for path in _orphans():
        print(f"{path} is written by nobody", file=sys.stderr)
    if stale or _orphans():
        raise SystemExit(1)


if __name__ == "__main__":
    main()
