"""What reading a body in chunks costs, however small they are."""

from typing import SupportsIndex, cast

from infra.httpserver.chunks import Chunks


class Copied(bytes):
    """Bytes of which it is known how many were copied out of them, and out of those again."""

    total = 0

    def __getitem__(self, at: SupportsIndex | slice) -> "Copied":  # type: ignore[override]
        return _copied(bytes(self)[cast("slice", at)])

    def partition(self, at: bytes) -> tuple["Copied", "Copied", "Copied"]:  # type: ignore[override]
        before, between, behind = bytes(self).partition(at)
        return _copied(before), _copied(between), _copied(behind)


def _copied(part: bytes) -> Copied:
    Copied.total += len(part)
    return Copied(part)


def test_what_is_read_is_copied_once_and_not_again_with_every_chunk() -> None:
    body = b"1\r\nx\r\n" * 5000 + b"0\r\n\r\n"
    Copied.total = 0
    chunks = Chunks()
    assert chunks.feed(Copied(body)) == b"x" * 5000
    assert chunks.ended
    assert Copied.total <= 2 * len(body)
