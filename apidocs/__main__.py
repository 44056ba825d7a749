"""`python -m apidocs` writes docs/reference/; `--check` tells whether it is current."""

import argparse
from pathlib import Path

from apidocs.guides import guide
from apidocs.licences import licences
from apidocs.openapi import openapi_text
from apidocs.postman import collection, collection_file
from apidocs.reference_pages import PAGES
from apidocs.settings_page import settings
from contract.documents import GUIDES, OPENAPI_DIALECTS, openapi_file
from contract.resources import RESOURCES
from contract.versions import VERSIONS
from infra.process import generated_files
from transcoder.validation.declarations import check_declarations

FOLDER = Path("docs/reference")
GUIDES_FOLDER = Path("docs/guides")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m apidocs", description=f"Without an option: write {FOLDER}/.")
    parser.add_argument("--check", action="store_true", help=f"exit 1 when {FOLDER}/ is not current")
    asked = parser.parse_args()
    check_declarations(RESOURCES)
    if asked.check:
        generated_files.check(FOLDER, _wanted(), "python -m apidocs")
    else:
        generated_files.write(FOLDER, _wanted())


def _wanted() -> dict[str, str]:
    documents = {
        openapi_file(version, dialect): openapi_text(version, dialect)
        for version in VERSIONS
        for dialect in OPENAPI_DIALECTS
    }
    collections = {collection_file(version): collection(version) for version in VERSIONS}
    pages = {name: made() for name, made in PAGES.items()} | {"settings.md": settings(), "licences.md": licences()}
    guides = {row.file: guide((GUIDES_FOLDER / f"{row.name}.md").read_text("utf-8")) for row in GUIDES}
    return documents | collections | pages | guides


if __name__ == "__main__":
    main()
