"""Text search: every word that is asked for begins a word of a searchable field.

Owns what a word is, and how words are found: in a table of words, read from the rarest on, and in a column of the
record itself, asked in passing. It must not know orders or pages.
"""

import re
import unicodedata
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.field_types import Value
from sandbox.query_strategy import LISTED_MAX, count_up_to_max
from sandbox.tables import WORDS, RecordTable

WORD = re.compile(r"[^\W_]+")
LAST = chr(0x10FFFF)  # behind every letter


def words_of(texts: Iterable[str]) -> list[str]:
    """The different words of some texts, without case and accents, in order of the alphabet."""
    return sorted({word for text in texts for word in WORD.findall(plain(text))})


def plain(text: str) -> str:
    """A text without case and accents."""
    if text.isascii():
        return text.lower()
    letters = (letter for letter in unicodedata.normalize("NFD", text) if unicodedata.category(letter) != "Mn")
    return unicodedata.normalize("NFC", "".join(letters)).casefold()


def words_in(records: RecordTable, record: dict[str, Value]) -> list[str]:
    """The words by which a record is found."""
    return words_of(str(record[field.name]) for field in records.resource.searched if field.name in record)


def joined(words: list[str]) -> str:
    """Words as the column of a record holds them: a space ahead of each."""
    return "".join(f" {word}" for word in words)


async def narrowing(
    connection: AsyncConnection, records: RecordTable, business_id: int, words: list[str]
) -> list[sa.ColumnElement[bool]]:
    """The conditions that leave the records with a word beginning with each of `words`."""
    table = records.words
    if table is None or not words:
        return []
    here = sa.select(table.c.record_id).where(table.c.business_id == business_id)
    begun = [here.where(table.c.word >= word, table.c.word <= word + LAST) for word in words]
    counts = [await count_up_to_max(connection, found) for found in begun]
    conditions = [records.table.c[WORDS].contains(f" {word}", autoescape=True) for word in words]
    rarest = counts.index(min(counts))
    if counts[rarest] <= LISTED_MAX:
        conditions[rarest] = records.table.c.id.in_(begun[rarest])
    return conditions
