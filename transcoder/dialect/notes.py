"""Notes inside."""

from contract.resources import NOTE
from transcoder.dialect.rows import Differences, dialect

NOTES = dialect(NOTE, Differences(path="notes", names={"is_pinned": "pinned", "occurred_at": "noted_at"}))
