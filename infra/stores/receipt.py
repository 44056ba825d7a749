"""[pure] What is kept of a request for a day: what a caller may ask of it later, and no value that a customer wrote."""

import msgspec


class Receipt(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One request: whose, which operation, when; once it is answered, with what, of which record, after how long.

    `operation` None: no operation has that path, or that method there. `problem` is the code of the problem that
    answered. `record` is the number of the one record that was created or upserted, as text: those of UUIDs are too
    large for an integer of msgpack.
    """

    trace_id: str
    subject: str
    operation: str | None
    received_at_ms: int
    status: int | None = None
    problem: str | None = None
    replayed: bool = False
    record: str | None = None
    duration_ms: int | None = None
    upstream_duration_ms: int | None = None
