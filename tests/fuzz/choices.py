"""Things made of bytes, a fuzzer's or others: the same of the same. Knows no part that is fuzzed."""

from collections.abc import Sequence
from typing import Any, TypeVar

T = TypeVar("T")

DEPTH = 6
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**53, -(2**53) - 1, 10**400, 1.5, 1e308, "", " ", "x" * 300, "é", "\U0010ffff"),
    *("0", "-1", "1e5", "2026-06-17", "2026-06-17T14:30:00Z", "2026-02-30", "a@b.example", "+442079460958"),
    *("GBP", "gb", "10.50", "lead", "open", "null", "a\nb", "e\u0301", "\u202e", [], {}, [[]], [None], {"": None}),
)


class Choices:
    """Bytes, spent one after the other; nought when there are no more."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def pick(self, below: int) -> int:
        """A number below that, which is at most 65,536."""
        number = self._byte() if below <= 256 else self._byte() << 8 | self._byte()
        return number % below

    def _byte(self) -> int:
        byte = self._data[self._at] if self._at < len(self._data) else 0
        self._at += 1
        return byte

    def one(self, among: Sequence[T]) -> T:
        """One of them."""
        return among[self.pick(len(among))]

    def text(self) -> str:
        """A few characters of any kind but surrogates."""
        size = self.pick(24)
        raw = self._data[self._at : self._at + size]
        self._at += size
        return raw.decode(errors="replace")

    def rest(self) -> bytes:
        """All that is left."""
        left = self._data[self._at :]
        self._at = len(self._data)
        return left

    def value(self, names: Sequence[str] = (), depth: int = 0) -> Any:
        """Any JSON, its members by some of those names."""
        match self.pick(8) if depth < DEPTH else 0:
            case 0 | 1 | 2:
                return self.one(ODD)
            case 3 | 4:
                return self.text()
            case 5:
                return self.pick(65_536) - 32_768
            case 6:
                return [self.value(names, depth + 1) for _ in range(self.pick(5))]
        return {self.name(names): self.value(names, depth + 1) for _ in range(self.pick(5))}

    def name(self, among: Sequence[str]) -> str:
        """One of them as a rule, else any text."""
        return self.one(among) if among and self.pick(8) else self.text()
