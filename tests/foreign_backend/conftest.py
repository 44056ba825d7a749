"""The whole gateway before a service that is not ours: the runner's own stack, told of another dialect."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from contract.ids import UuidCodec
from tests.foreign_backend.book import Book, serving
from tests.support.stack import ROOT, Stack, running_stack

TOKEN = "what-the-book-asks-for"


@dataclass(frozen=True)
class Foreign:
    """The stack, and the service behind it."""

    stack: Stack
    book: Book

    @cached_property
    def codec(self) -> UuidCodec:
        return UuidCodec(bytes.fromhex(Path(self.stack.facts["ID_KEY_FILE"]).read_text().strip()))

    def caller(self, who: str = "admin", *, account: int = 0, **claims: Any) -> httpx.Client:
        """A client for the user with that role of an account."""
        business, user = self.book.numbers(account, who)
        ids = {"business_id": self.codec.seal_business("biz", business), "sub": self.codec.seal("usr", business, user)}
        return self.stack.caller(role=who, **(ids | claims))


@pytest.fixture(scope="package")
def foreign() -> Iterator[Foreign]:
    directory = ROOT / "examples" / "foreign" / "directory.json"
    with TemporaryDirectory(prefix="book-") as name:
        folder = Path(name)
        (folder / "token").write_text(f"{TOKEN}\n")
        settings = {
            "DIALECT": "examples.foreign.dialect:load",
            "DIALECT_TOKEN_FILE": str(folder / "token"),
            "INTERNAL_URL": f"unix:{folder}/book.sock",
            "DIRECTORY_FILE": str(directory),
            "ID_KIND": "uuid",
        }
        with (
            serving(folder / "book.sock", directory.read_text(), TOKEN) as book,
            running_stack(settings=settings) as stack,
        ):
            yield Foreign(stack, book)


@pytest.fixture
def book(foreign: Foreign) -> Iterator[Book]:
    """The service, in its right mind, with no calls remembered."""
    foreign.book.calm_down()
    yield foreign.book
    foreign.book.calm_down()


@pytest.fixture(scope="package")
def api(foreign: Foreign) -> Iterator[httpx.Client]:
    """The admin of the first account."""
    with foreign.caller() as client:
        yield client
